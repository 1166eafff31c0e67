import "reflect-metadata";
import {
  PemConverter,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
} from "@peculiar/x509";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** A key that nobody has a certificate for yet, and the request for one. */
export interface SigningRequest {
  /** PKCS#8, PEM. */
  readonly keyPem: string;
  /** PKCS#10, PEM. */
  readonly requestPem: string;
}

/**
 * Makes a new EC P-256 key and asks for a name for it: empty subject, one
 * SPIFFE URI in a critical extension.
 *
 * @see SPIFFE X.509-SVID, section 2
 */
export async function makeSigningRequest(
  spiffeId: string,
): Promise<SigningRequest> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, [
    "sign",
    "verify",
  ]);
  const request = await Pkcs10CertificateRequestGenerator.create({
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new SubjectAlternativeNameExtension(
        [{ type: "url", value: spiffeId }],
        true,
      ),
    ],
  });
  const key = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return {
    keyPem: `${PemConverter.encode(key, PemConverter.PrivateKeyTag)}\n`,
    requestPem: `${request.toString("pem")}\n`,
  };
}
