/** Certificates in ztunnel's JSON: public parts only. */
import { X509Certificate } from "node:crypto";
import type { CertificateState } from "../model/certificate.ts";
import type { Json } from "./json.ts";
import type { CertificateRow } from "./rows.ts";

export function dumpCertificate({ identity, state }: CertificateRow): Json {
  const certificate = state.at === "available" ? state.certificate : undefined;
  return {
    identity,
    state: stateText(state),
    certChain: dumpPems(certificate?.chainPem ?? ""),
    rootCerts: dumpPems(certificate?.rootsPem ?? ""),
  };
}

function stateText(state: CertificateState): string {
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

const PEM_BLOCK =
  /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\r?\n?/g;

const dumpPems = (pems: string): Json[] =>
  [...pems.matchAll(PEM_BLOCK)].map(([pem]) => dumpPem(pem));

function dumpPem(pem: string): Json {
  return { pem: btoa(pem), ...readCertificate(pem) };
}

const UNREADABLE = { serialNumber: "", validFrom: "", expirationTime: "" };

function readCertificate(pem: string): typeof UNREADABLE {
  try {
    const { serialNumber, validFrom, validTo } = new X509Certificate(pem);
    return {
      serialNumber: BigInt(`0x${serialNumber}`).toString(),
      validFrom: rfc3339(validFrom),
      expirationTime: rfc3339(validTo),
    };
  } catch {
    // One root that cannot be read must not hide everything else.
    return UNREADABLE;
  }
}

/** From OpenSSL's way of writing a time, which is to the second. */
const rfc3339 = (time: string): string =>
  new Date(time).toISOString().replace(".000Z", "Z");
