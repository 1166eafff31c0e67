/** Certificate revocation lists. RFC 5280, section 5. */
export { type Crl, type CrlSignature, decodeCrl } from "./decode.ts";
export { CrlError } from "./errors.ts";
export { readCrlFile } from "./file.ts";
