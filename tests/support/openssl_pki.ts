/** A small public key infrastructure, and revocation lists, made by OpenSSL. */
import type { WorkloadCertificate } from "../../src/model/certificate.ts";
import { sh } from "./test_netns.ts";

export type KeyKind = "ec" | "rsa" | "ed25519";

const NEW_KEY: Readonly<Record<KeyKind, string>> = {
  ec: "-newkey ec -pkeyopt ec_paramgen_curve:P-256",
  rsa: "-newkey rsa:2048",
  ed25519: "-newkey ed25519",
};

/** Files of an authority: `CERTIFICATE` and `KEY` in PEM. */
export interface AuthorityFiles {
  readonly certificate: string;
  readonly key: string;
}

/** A folder of authorities, which goes away with it. */
export class OpensslPki implements AsyncDisposable {
  #made = 0;

  private constructor(readonly folder: string) {}

  static async make(): Promise<OpensslPki> {
    return new OpensslPki(await Deno.makeTempDir());
  }

  /** An authority that signs itself, or that another one signs. */
  async authority(
    name: string,
    { by, kind = "ec" }: { by?: AuthorityFiles; kind?: KeyKind } = {},
  ): Promise<AuthorityFiles> {
    const stem = `${this.folder}/${++this.#made}`;
    const files = { certificate: `${stem}.pem`, key: `${stem}.key` };
    const signer = by === undefined
      ? ""
      : `-CA ${by.certificate} -CAkey ${by.key}`;
    await sh(
      `openssl req -x509 ${NEW_KEY[kind]} -nodes -subj /CN=${name} -days 2 \\
      -keyout ${files.key} -out ${files.certificate} ${signer} -set_serial ${
        100 + this.#made
      } \\
      -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign`,
    );
    return files;
  }

  /** A workload's certificate with a serial number, behind it the chain of its authorities. */
  async leaf(
    spiffeId: string,
    serial: number,
    by: AuthorityFiles,
    { roots, chain = [] }: {
      readonly roots: string;
      readonly chain?: readonly string[];
    },
  ): Promise<WorkloadCertificate> {
    const stem = `${this.folder}/${++this.#made}`;
    await sh(`openssl req -x509 ${NEW_KEY.ec} -nodes -subj / -days 1 \\
      -keyout ${stem}.key -out ${stem}.pem -CA ${by.certificate} -CAkey ${by.key} \\
      -set_serial ${serial} -addext subjectAltName=critical,URI:${spiffeId} \\
      -addext extendedKeyUsage=clientAuth,serverAuth -addext basicConstraints=critical,CA:FALSE`);
    const certificates = await Promise.all(
      [`${stem}.pem`, ...chain].map((path) => Deno.readTextFile(path)),
    );
    return {
      spiffeId,
      keyPem: await Deno.readTextFile(`${stem}.key`),
      chainPem: certificates.join(""),
      rootsPem: await Deno.readTextFile(roots),
      notBeforeMs: 0,
      notAfterMs: Infinity,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

/**
 * A list of an authority, in PEM.
 *
 * @param serials Hexadecimal, of even length.
 * @param dates Options of `openssl ca`.
 */
export async function makeCrl(
  { certificate, key }: AuthorityFiles,
  serials: readonly string[],
  dates = "-crldays 1",
): Promise<string> {
  const folder = await Deno.makeTempDir();
  try {
    const entry = (serial: string) =>
      `R\t401231235959Z\t260101000000Z,keyCompromise\t${serial}\tunknown\t/CN=x\n`;
    await Deno.writeTextFile(`${folder}/index`, serials.map(entry).join(""));
    await Deno.writeTextFile(
      `${folder}/conf`,
      `[ca]\ndefault_ca=c\n[c]\ndatabase=${folder}/index\ndefault_md=default\n`,
    );
    return await sh(
      `openssl ca -gencrl -config ${folder}/conf -cert ${certificate} ` +
        `-keyfile ${key} ${dates} 2>/dev/null`,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
