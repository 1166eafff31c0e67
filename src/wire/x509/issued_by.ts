import { hexOf, integerText, readSequence, Tag } from "./der.ts";

/** What a revocation list knows a certificate by. */
export interface Issued {
  /** The issuer's name, its DER as hexadecimal digits. */
  readonly issuer: string;
  /** The certificate's own name, likewise. */
  readonly subject: string;
  /** Hexadecimal, without leading zeros. */
  readonly serial: string;
}

const VERSION = 0xa0; // [0] EXPLICIT in TBSCertificate

/**
 * @param der One certificate.
 * @returns undefined when it cannot be read.
 * @see RFC 5280, section 4.1
 */
export function issuedBy(der: Uint8Array): Issued | undefined {
  const [tbs] = readSequence(der) ?? [];
  const fields = tbs && readSequence(tbs.whole);
  if (fields?.[0]?.tag === VERSION) fields.shift();
  const [serial, , issuer, , subject] = fields ?? [];
  if (serial?.tag !== Tag.INTEGER || issuer === undefined) return undefined;
  if (subject === undefined) return undefined;
  return {
    issuer: hexOf(issuer.whole),
    subject: hexOf(subject.whole),
    serial: integerText(serial.body),
  };
}
