import "reflect-metadata";
import {
  type JsonGeneralName,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import type { TestCa } from "./test_ca.ts";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const HOUR_MS = 60 * 60 * 1000;

/** A server's key and certificate, PEM. */
export interface ServerCertificate {
  readonly keyPem: string;
  readonly certPem: string;
}

/** What a server of the control plane shows: these names, signed by `ca`. */
export async function makeServerCertificate(
  ca: Pick<TestCa, "certificatePem" | "keyPem">,
  names: JsonGeneralName[],
): Promise<ServerCertificate> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, [
    "sign",
    "verify",
  ]);
  const signingKey = await crypto.subtle.importKey(
    "pkcs8",
    PemConverter.decodeFirst(ca.keyPem),
    ALGORITHM,
    false,
    ["sign"],
  );
  const certificate = await X509CertificateGenerator.create({
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: ALGORITHM,
    issuer: new X509Certificate(ca.certificatePem).subjectName,
    subject: "CN=server",
    notBefore: new Date(Date.now() - HOUR_MS),
    notAfter: new Date(Date.now() + HOUR_MS),
    extensions: [new SubjectAlternativeNameExtension(names)],
  });
  const key = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return {
    keyPem: PemConverter.encode(key, PemConverter.PrivateKeyTag),
    certPem: certificate.toString("pem"),
  };
}
