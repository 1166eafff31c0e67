/**
 * The URI names of a certificate, read from its DER.
 *
 * The runtime prints a certificate's names as one comma-separated text, in which
 * a name that holds a comma looks like two; identities are not read from that.
 *
 * @see RFC 5280, sections 4.1 and 4.2.1.6
 */
const SEQUENCE = 0x30;
const OCTET_STRING = 0x04;
const OBJECT_ID = 0x06;
const BOOLEAN = 0x01;
const EXTENSIONS = 0xa3; // [3] EXPLICIT in TBSCertificate
const URI = 0x86; // [6] IMPLICIT IA5String in GeneralName
const SUBJECT_ALT_NAME = "85.29.17"; // 2.5.29.17 as its three octets

interface Element {
  readonly tag: number;
  readonly body: Uint8Array;
}

/**
 * @param der One certificate, already verified by TLS.
 * @returns its URI subject alternative names in order; undefined when the
 * certificate cannot be read or has two such extensions.
 */
export function uriSansOf(der: Uint8Array): string[] | undefined {
  const certificate = elements(der)?.[0];
  const tbs = certificate && elements(certificate.body)?.[0];
  const fields = tbs && elements(tbs.body);
  if (fields === undefined) return undefined;
  const wrapper = fields.find((f) => f.tag === EXTENSIONS);
  if (wrapper === undefined) return [];
  const list = elements(wrapper.body)?.[0];
  const extensions = list && elements(list.body);
  if (extensions === undefined) return undefined;
  const names = extensions.map(subjectAltNames).filter((n) => n !== "other");
  if (names.length > 1) return undefined;
  return names.length === 0 ? [] : names[0];
}

function subjectAltNames(extension: Element): string[] | undefined | "other" {
  const parts = elements(extension.body);
  if (parts === undefined || parts[0]?.tag !== OBJECT_ID) return undefined;
  if (parts[0].body.join(".") !== SUBJECT_ALT_NAME) return "other";
  const value = parts[1]?.tag === BOOLEAN ? parts[2] : parts[1];
  if (value?.tag !== OCTET_STRING) return undefined;
  const names = elements(value.body)?.[0];
  const entries = names?.tag === SEQUENCE ? elements(names.body) : undefined;
  return entries?.filter((e) => e.tag === URI).map((e) => ascii(e.body));
}

/** One by one: a peer's name may be longer than a call may have arguments. */
const ascii = (octets: Uint8Array): string =>
  Array.from(octets, (octet) => String.fromCharCode(octet)).join("");

/** The elements that fill `octets`; undefined when they do not fill it exactly. */
function elements(octets: Uint8Array): Element[] | undefined {
  const found: Element[] = [];
  let at = 0;
  while (at < octets.length) {
    const length = readLength(octets, at + 1);
    if (length === undefined) return undefined;
    const end = length.next + length.value;
    if (end > octets.length) return undefined;
    found.push({ tag: octets[at]!, body: octets.subarray(length.next, end) });
    at = end;
  }
  return found;
}

function readLength(
  octets: Uint8Array,
  at: number,
): { value: number; next: number } | undefined {
  const first = octets[at];
  if (first === undefined) return undefined;
  if (first < 0x80) return { value: first, next: at + 1 };
  const count = first & 0x7f;
  if (count === 0 || count > 3 || at + count >= octets.length) return undefined;
  let value = 0;
  for (let i = 1; i <= count; i++) value = value * 256 + octets[at + i]!;
  return { value, next: at + 1 + count };
}
