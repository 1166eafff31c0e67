/**
 * The URI names of a certificate, read from its DER.
 *
 * The runtime prints a certificate's names as one comma-separated text, in which
 * a name that holds a comma looks like two; identities are not read from that.
 *
 * @see RFC 5280, sections 4.1 and 4.2.1.6
 */
import { type DerElement, readElements, Tag } from "./der.ts";

const EXTENSIONS = 0xa3; // [3] EXPLICIT in TBSCertificate
const URI = 0x86; // [6] IMPLICIT IA5String in GeneralName
const SUBJECT_ALT_NAME = "85.29.17"; // 2.5.29.17 as its three octets

/**
 * @param der One certificate, already verified by TLS.
 * @returns its URI subject alternative names in order; undefined when the
 * certificate cannot be read or has two such extensions.
 */
export function uriSansOf(der: Uint8Array): string[] | undefined {
  const certificate = readElements(der)?.[0];
  const tbs = certificate && readElements(certificate.body)?.[0];
  const fields = tbs && readElements(tbs.body);
  if (fields === undefined) return undefined;
  const wrapper = fields.find((f) => f.tag === EXTENSIONS);
  if (wrapper === undefined) return [];
  const list = readElements(wrapper.body)?.[0];
  const extensions = list && readElements(list.body);
  if (extensions === undefined) return undefined;
  const names = extensions.map(subjectAltNames).filter((n) => n !== "other");
  if (names.length > 1) return undefined;
  return names.length === 0 ? [] : names[0];
}

function subjectAltNames(
  extension: DerElement,
): string[] | undefined | "other" {
  const parts = readElements(extension.body);
  if (parts === undefined || parts[0]?.tag !== Tag.OBJECT_ID) return undefined;
  if (parts[0].body.join(".") !== SUBJECT_ALT_NAME) return "other";
  const value = parts[1]?.tag === Tag.BOOLEAN ? parts[2] : parts[1];
  if (value?.tag !== Tag.OCTET_STRING) return undefined;
  const names = readElements(value.body)?.[0];
  const entries = names?.tag === Tag.SEQUENCE
    ? readElements(names.body)
    : undefined;
  return entries?.filter((e) => e.tag === URI).map((e) => ascii(e.body));
}

/** One by one: a peer's name may be longer than a call may have arguments. */
const ascii = (octets: Uint8Array): string =>
  Array.from(octets, (octet) => String.fromCharCode(octet)).join("");
