import { HairpinError } from "../../base/errors.ts";
import type { WorkloadCertificate } from "../../model/certificate.ts";
import type { Identity } from "../../model/identity.ts";

/** Whoever signs for workloads: the embedded authority or a remote one. */
export interface CertificateIssuer {
  /**
   * Makes a new key and has it certified.
   *
   * @param signal Ends the attempt; the promise then rejects.
   * @throws {IssueError} when no certificate could be had; worth another try.
   */
  issue(identity: Identity, signal: AbortSignal): Promise<WorkloadCertificate>;
}

/** An identity for which no certificate was issued; the message says why. */
export class IssueError extends HairpinError {
  readonly code = "IDENTITY";
}
