import {
  type DerElement,
  hexOf,
  integerText,
  objectIdText,
  readElements,
  readSequence,
  Tag,
} from "../x509/der.ts";
import { CrlError } from "./errors.ts";

/** How a list is signed. */
export type CrlSignature = "sha256" | "sha384" | "sha512" | "ed25519";

/** One certificate revocation list. */
export interface Crl {
  /** The issuer's name, its DER as hexadecimal digits. */
  readonly issuer: string;
  /** Serial numbers, as in {@link import("../x509/issued_by.ts").Issued}. */
  readonly serials: ReadonlySet<string>;
  /** What is signed, how, and the signature. */
  readonly tbs: Uint8Array;
  readonly algorithm: CrlSignature;
  readonly signature: Uint8Array;
  /** The whole list. */
  readonly der: Uint8Array;
}

const ALGORITHMS: Readonly<Record<string, CrlSignature>> = {
  "1.2.840.113549.1.1.11": "sha256", // with RSA, RFC 4055
  "1.2.840.113549.1.1.12": "sha384",
  "1.2.840.113549.1.1.13": "sha512",
  "1.2.840.10045.4.3.2": "sha256", // with ECDSA, RFC 5758
  "1.2.840.10045.4.3.3": "sha384",
  "1.2.840.10045.4.3.4": "sha512",
  "1.3.101.112": "ed25519", // RFC 8410
};

const EXTENSIONS = 0xa0; // [0] EXPLICIT in TBSCertList
const ISSUING_DISTRIBUTION_POINT = "2.5.29.28";
const INDIRECT = 0x84; // [4] IMPLICIT BOOLEAN in IssuingDistributionPoint

/**
 * Reads one list; whether its signature is good is not looked at. Its dates do
 * not count: an old list is better than none.
 *
 * @throws {CrlError} saying what cannot be read or is not supported.
 * @see RFC 5280, section 5.1
 */
export function decodeCrl(der: Uint8Array): Crl {
  const [tbs, algorithm, signature] = need(readSequence(der), "no list");
  if (tbs === undefined || signature?.tag !== Tag.BIT_STRING) bad("no list");
  const fields = [...need(readSequence(tbs.whole), "no list")];
  if (fields[0]?.tag === Tag.INTEGER) fields.shift(); // version
  const [, issuer, ...rest] = fields;
  if (issuer?.tag !== Tag.SEQUENCE) bad("no issuer");
  const extensions = rest.find(({ tag }) => tag === EXTENSIONS);
  if (extensions !== undefined) checkExtensions(extensions);
  return {
    issuer: hexOf(issuer.whole),
    serials: new Set(entriesOf(rest).map(serialOf)),
    tbs: tbs.whole,
    algorithm: algorithmOf(algorithm),
    signature: signature.body.subarray(1), // behind the count of unused bits
    der,
  };
}

function bad(why: string): never {
  throw new CrlError(`cannot read revocation list: ${why}`);
}

function need<T>(value: T | undefined, why: string): T {
  return value === undefined ? bad(why) : value;
}

/** The entries, which stand behind one or two times; a list may have none. */
function entriesOf(fields: readonly DerElement[]): readonly DerElement[] {
  const list = fields.find(({ tag }) => tag === Tag.SEQUENCE);
  return list === undefined ? [] : need(readElements(list.body), "bad entries");
}

function serialOf({ body }: DerElement): string {
  const [serial] = need(readElements(body), "bad entry");
  if (serial?.tag !== Tag.INTEGER) bad("bad entry");
  return integerText(serial.body);
}

function algorithmOf(identifier: DerElement | undefined): CrlSignature {
  const [id] = identifier === undefined
    ? []
    : readElements(identifier.body) ?? [];
  const name = id?.tag === Tag.OBJECT_ID ? objectIdText(id.body) : undefined;
  return need(
    ALGORITHMS[name ?? ""],
    `unsupported signature algorithm ${name ?? "unknown"}`,
  );
}

/** What a list demands to be understood, and is not: its entries would be taken for others. */
function checkExtensions({ body }: DerElement): void {
  for (
    const { body: extension } of need(readSequence(body), "bad extensions")
  ) {
    const [id, critical, value] = need(
      readElements(extension),
      "bad extension",
    );
    const isCritical = critical?.tag === Tag.BOOLEAN && critical.body[0] !== 0;
    if (id === undefined || !isCritical) continue;
    const name = objectIdText(id.body);
    if (name !== ISSUING_DISTRIBUTION_POINT || isIndirect(value)) {
      bad(`unsupported critical extension ${name}`);
    }
  }
}

/** Whether the list also speaks of other issuers' certificates. */
function isIndirect(value: DerElement | undefined): boolean {
  const parts = value && readSequence(value.body);
  if (parts === undefined) return true;
  return parts.some(({ tag, body }) => tag === INDIRECT && body[0] !== 0);
}
