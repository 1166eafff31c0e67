import { Buffer } from "node:buffer";
import { X509Certificate } from "node:crypto";
import type { CertificateRow } from "./manager.ts";

/** One certificate in the shape of ztunnel's `/config_dump`. */
export interface CertificateDump {
  /** The PEM text, in base64 once more. */
  readonly pem: string;
  /** Decimal. */
  readonly serialNumber: string;
  readonly validFrom: string;
  readonly expirationTime: string;
}

/** One identity in the shape of ztunnel's `/config_dump`. */
export interface IdentityDump {
  readonly identity: string;
  readonly state: string;
  readonly certChain: readonly CertificateDump[];
  readonly rootCerts: readonly CertificateDump[];
}

/** The `certificates` of `/config_dump`. */
export function dumpCertificates(
  rows: readonly CertificateRow[],
): IdentityDump[] {
  return rows.map(({ spiffeId, state }) => {
    const held = state.at === "available" ? state.certificate : undefined;
    return {
      identity: spiffeId,
      state: stateText(state),
      certChain: dumpPem(held?.chainPem ?? ""),
      rootCerts: dumpPem(held?.rootsPem ?? ""),
    };
  });
}

function stateText(state: CertificateRow["state"]): string {
  switch (state.at) {
    case "initializing":
      return "Initializing";
    case "available":
      return "Available";
    case "unavailable":
      return `Unavailable: ${state.why}`;
    default:
      throw new Error(`unhandled: ${state satisfies never}`);
  }
}

const CERTIFICATE_BLOCK =
  /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

function dumpPem(text: string): CertificateDump[] {
  return (text.match(CERTIFICATE_BLOCK) ?? []).map((block) => {
    const certificate = new X509Certificate(block);
    return {
      pem: Buffer.from(`${block}\n`).toString("base64"),
      serialNumber: BigInt(`0x${certificate.serialNumber}`).toString(),
      validFrom: secondsText(certificate.validFrom),
      expirationTime: secondsText(certificate.validTo),
    };
  });
}

/** RFC 3339 without fractions, as the certificate keeps none. */
const secondsText = (date: string) =>
  new Date(date).toISOString().replace(".000Z", "Z");
