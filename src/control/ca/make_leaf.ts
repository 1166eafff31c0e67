import "reflect-metadata";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";
import type { WorkloadCertificate } from "../../model/certificate.ts";
import type { Authority } from "./authority.ts";
import { BACKDATE_MS } from "./limits.ts";
import { newSerialNumber } from "./serial_number.ts";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };

/** What a leaf is to say. */
export interface LeafRequest {
  /** The one name in it. */
  readonly spiffeId: string;
  /** How long it is good for; never beyond the authority's own end. */
  readonly ttlMs: number;
  readonly nowMs: number;
}

/**
 * Makes a new EC P-256 key and signs a leaf for it: empty subject, one SPIFFE
 * URI, good for both ends of mTLS.
 *
 * @see SPIFFE X.509-SVID, sections 2 and 4
 */
export async function makeLeaf(
  authority: Authority,
  { spiffeId, ttlMs, nowMs }: LeafRequest,
): Promise<WorkloadCertificate> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, [
    "sign",
    "verify",
  ]);
  const certificate = await X509CertificateGenerator.create({
    publicKey: keys.publicKey,
    signingKey: authority.key,
    signingAlgorithm: authority.algorithm,
    issuer: authority.certificate.subjectName,
    serialNumber: newSerialNumber(),
    notBefore: new Date(nowMs - BACKDATE_MS),
    notAfter: new Date(Math.min(nowMs + ttlMs, authority.notAfterMs)),
    extensions: await leafExtensions(authority, keys.publicKey, spiffeId),
  });
  const key = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return {
    spiffeId,
    keyPem: `${PemConverter.encode(key, PemConverter.PrivateKeyTag)}\n`,
    chainPem: `${certificate.toString("pem")}\n`,
    rootsPem: authority.rootsPem,
    // From the certificate, which keeps whole seconds only.
    notBeforeMs: certificate.notBefore.getTime(),
    notAfterMs: certificate.notAfter.getTime(),
  };
}

async function leafExtensions(
  authority: Authority,
  publicKey: CryptoKey,
  spiffeId: string,
): Promise<Extension[]> {
  return [
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([
      ExtendedKeyUsage.serverAuth,
      ExtendedKeyUsage.clientAuth,
    ]),
    new BasicConstraintsExtension(false, undefined, true),
    await SubjectKeyIdentifierExtension.create(publicKey),
    await authorityKeyIdentifier(authority),
    // Critical because the subject is empty (RFC 5280, section 4.1.2.6).
    new SubjectAlternativeNameExtension(
      [{ type: "url", value: spiffeId }],
      true,
    ),
  ];
}

/** The authority's own identifier, computed only when it names none. */
function authorityKeyIdentifier(
  { certificate }: Authority,
): AuthorityKeyIdentifierExtension | Promise<AuthorityKeyIdentifierExtension> {
  const own = certificate.getExtension(SubjectKeyIdentifierExtension);
  if (own !== null) return new AuthorityKeyIdentifierExtension(own.keyId);
  return AuthorityKeyIdentifierExtension.create(certificate.publicKey);
}
