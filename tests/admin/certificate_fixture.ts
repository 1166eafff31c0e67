import "reflect-metadata";
import { X509CertificateGenerator } from "@peculiar/x509";
import type { WorkloadCertificate } from "../../src/model/certificate.ts";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** A certificate that is valid between two times, as PEM. */
export async function certificate(
  serialNumber: string,
  notBefore: string,
  notAfter: string,
): Promise<string> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, [
    "sign",
    "verify",
  ]);
  const made = await X509CertificateGenerator.createSelfSigned({
    serialNumber,
    name: "O=test",
    notBefore: new Date(notBefore),
    notAfter: new Date(notAfter),
    keys,
    signingAlgorithm: ALGORITHM,
  });
  return `${made.toString("pem")}\n`;
}

/** Of serial number 2^127 + 1 under a root of serial number 1; the key is only a marker. */
export async function makeWorkloadCertificate(): Promise<WorkloadCertificate> {
  const serial = `8${"0".repeat(30)}1`;
  return {
    spiffeId: "spiffe://cluster.local/ns/shop/sa/cart",
    keyPem:
      "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n",
    chainPem: await certificate(
      serial,
      "2026-08-20T09:58:00Z",
      "2026-08-21T10:00:00Z",
    ),
    rootsPem: await certificate(
      "01",
      "2026-01-01T00:00:00Z",
      "2036-01-01T00:00:00Z",
    ),
    notBeforeMs: Date.parse("2026-08-20T09:58:00Z"),
    notAfterMs: Date.parse("2026-08-21T10:00:00Z"),
  };
}
