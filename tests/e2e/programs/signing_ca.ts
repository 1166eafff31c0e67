// Istio's certificate service for proxies that want one, by the lab's own
// authority: signing_ca.ts PORT ROOT KEY (files). Signs for whomever a proxy
// says it serves. Prints "listening".

import "reflect-metadata";
import {
  Pkcs10CertificateRequest,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";
import {
  type Authority,
  readAuthority,
} from "../../../src/control/ca/authority.ts";
import {
  type IstioCertificateRequest,
  IstioCertificateRequestSchema,
  IstioCertificateResponseSchema,
} from "../../../src/wire/istio_ca/gen/ca_pb.ts";
import { type FakeCall, FakeIstiod } from "../../support/fake_istiod.ts";
import { makeTestCa } from "../../support/test_ca.ts";

const [port = "", certificatePath = "", keyPath = ""] = Deno.args;
const HOUR_MS = 3_600_000;
const [certificatePem, keyPem] = await Promise.all([
  Deno.readTextFile(certificatePath),
  Deno.readTextFile(keyPath),
]);
const files = { certificatePath, certificatePem, keyPath, keyPem };
const authority = await readAuthority(files, Date.now());
const ca = { ...await makeTestCa(), certificatePem, keyPem };
const service = await FakeIstiod.start({
  name: "localhost",
  port: Number(port),
  ca,
});
console.log("listening");
for (;;) await answer(await service.next(), authority);

async function answer(call: FakeCall, by: Authority): Promise<void> {
  const request = await call.receive(IstioCertificateRequestSchema);
  if (request === undefined) return call.end(3, "no request");
  const leaf = await sign(request, by);
  call.send(IstioCertificateResponseSchema, {
    certChain: [leaf, by.rootsPem],
  });
  call.end();
}

async function sign(
  { csr: pem, metadata }: IstioCertificateRequest,
  { certificate, key, algorithm }: Authority,
): Promise<string> {
  const csr = new Pkcs10CertificateRequest(pem);
  const names = csr.extensions.flatMap((extension) =>
    extension instanceof SubjectAlternativeNameExtension
      ? extension.names.items
      : []
  );
  const spiffeId = metadata?.["ImpersonatedIdentity"] ?? names[0]?.value;
  if (typeof spiffeId !== "string") throw new Error("a request for nobody");
  const leaf = await X509CertificateGenerator.create({
    publicKey: csr.publicKey,
    signingKey: key,
    signingAlgorithm: algorithm,
    issuer: certificate.subjectName,
    notBefore: new Date(Date.now() - HOUR_MS),
    notAfter: new Date(Date.now() + HOUR_MS),
    extensions: [
      new SubjectAlternativeNameExtension(
        [{ type: "url", value: spiffeId }],
        true,
      ),
    ],
  });
  return `${leaf.toString("pem")}\n`;
}
