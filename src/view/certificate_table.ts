import type { Dump } from "./dump.ts";
import type { Table } from "./table.ts";

type Certificate = Dump["certificates"][number]["certChain"][number];

/** Every certificate of every identity, leaf first. @param now When it is read. */
export function certificateTable({ certificates }: Dump, now: Date): Table {
  return {
    header: [
      "CERTIFICATE NAME",
      "TYPE",
      "STATUS",
      "VALID CERT",
      "SERIAL NUMBER",
      "NOT AFTER",
      "NOT BEFORE",
    ],
    rows: certificates.flatMap(({ identity, state, certChain, rootCerts }) => {
      const status = state.includes("Unavailable") ? "Unavailable" : state;
      const row = (type: string, certificate: Certificate) => [
        identity,
        type,
        status,
        `${isValid(certificate, now)}`,
        serialInHex(certificate.serialNumber),
        certificate.expirationTime || "NA",
        certificate.validFrom || "NA",
      ];
      if (certChain.length + rootCerts.length === 0) {
        return [[identity, "NA", status, "false", "NA", "NA", "NA"]];
      }
      return [
        ...certChain.map((c, at) => row(at === 0 ? "Leaf" : "Intermediate", c)),
        ...rootCerts.map((c) => row("Root", c)),
      ];
    }),
  };
}

function isValid(
  { validFrom, expirationTime }: Certificate,
  now: Date,
): boolean {
  // A time that cannot be read is NaN, and compares with nothing.
  return Date.parse(validFrom) < now.getTime() &&
    now.getTime() < Date.parse(expirationTime);
}

/** A serial number has 20 octets at most (RFC 5280, section 4.1.2.2). */
const serialInHex = (decimal: string): string =>
  /^[0-9]{1,60}$/.test(decimal) ? BigInt(decimal).toString(16) : "NA";
