import { type Crl, decodeCrl } from "./decode.ts";
import { CrlError } from "./errors.ts";
import { CRL_FILE_MAX } from "./limits.ts";

const BLOCK = /-----BEGIN X509 CRL-----([^-]*)-----END X509 CRL-----/g;

/**
 * The lists of a file: blocks `X509 CRL` of PEM, others passed over, or one list
 * in DER. An empty file has none.
 *
 * @throws {CrlError} when one of them does not read, or the file is too large.
 */
export function readCrlFile(octets: Uint8Array): Crl[] {
  if (octets.length > CRL_FILE_MAX) {
    throw new CrlError(
      `cannot read revocation lists: ${octets.length} octets, at most ${CRL_FILE_MAX} are read`,
    );
  }
  const text = new TextDecoder("latin1").decode(octets);
  if (text.trim() === "") return [];
  if (!text.includes("-----BEGIN ")) return [decodeCrl(octets)];
  return Array.from(
    text.matchAll(BLOCK),
    ([, body = ""]) => decodeCrl(octetsOf(body)),
  );
}

function octetsOf(base64: string): Uint8Array {
  try {
    return Uint8Array.from(atob(base64.trim()), (c) => c.charCodeAt(0));
  } catch {
    throw new CrlError("cannot read revocation list: bad base64");
  }
}
