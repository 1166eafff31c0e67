/** Certificates that hairpin itself would not make, signed with OpenSSL. */
import type { WorkloadCertificate } from "../../src/model/certificate.ts";
import { sh } from "./test_netns.ts";
import type { TestCa } from "./test_ca.ts";

/**
 * A leaf of `ca` with these lines as its extensions, and any text as its one
 * URI name where `uri` is given.
 */
export async function opensslLeaf(
  ca: TestCa,
  { extensions = "", uri }: {
    readonly extensions?: string;
    readonly uri?: string;
  },
): Promise<WorkloadCertificate> {
  const dir = await Deno.makeTempDir();
  try {
    const names = uri === undefined
      ? ""
      : `subjectAltName=@names\n[names]\nURI.1=${uri}\n`;
    await Deno.writeTextFile(`${dir}/ca`, ca.certificatePem);
    await Deno.writeTextFile(`${dir}/ca-key`, ca.keyPem);
    await Deno.writeTextFile(`${dir}/ext`, `[e]\n${extensions}\n${names}`);
    await sh(`cd ${dir}
      openssl req -new -newkey ec -nodes -subj / -keyout key -out request \\
        -pkeyopt ec_paramgen_curve:P-256
      openssl x509 -req -in request -days 1 -CA ca -CAkey ca-key \\
        -set_serial 7 -extfile ext -extensions e -out leaf`);
    return {
      spiffeId: uri ?? "",
      keyPem: await Deno.readTextFile(`${dir}/key`),
      chainPem: await Deno.readTextFile(`${dir}/leaf`),
      rootsPem: ca.certificatePem,
      notBeforeMs: 0,
      notAfterMs: Infinity,
    };
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}
