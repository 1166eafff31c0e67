/**
 * A text as the wire layer hands over field values: one code unit for each
 * octet of its UTF-8. Plain ASCII stays as it is.
 */
export function octetText(text: string): string {
  let octets = "";
  for (const octet of new TextEncoder().encode(text)) {
    octets += String.fromCharCode(octet);
  }
  return octets;
}
