import type { CertificateIssuer } from "../../src/control/certificates/issuer.ts";
import type { WorkloadCertificate } from "../../src/model/certificate.ts";
import { formatIdentity, type Identity } from "../../src/model/identity.ts";

/** One call of a {@link FakeIssuer}, to be answered by the test. */
export interface IssueCall {
  readonly identity: Identity;
  readonly signal: AbortSignal;
  readonly resolve: (certificate: WorkloadCertificate) => void;
  readonly reject: (reason: unknown) => void;
}

/** An issuer that answers when the test does. */
export class FakeIssuer implements CertificateIssuer {
  /** Every call so far, the latest last. */
  readonly calls: IssueCall[] = [];

  issue(identity: Identity, signal: AbortSignal): Promise<WorkloadCertificate> {
    const { promise, resolve, reject } = Promise.withResolvers<
      WorkloadCertificate
    >();
    this.calls.push({ identity, signal, resolve, reject });
    return promise;
  }
}

/** A certificate for tests of scheduling: its PEM texts are empty. */
export function certificateFor(
  identity: Identity,
  notBeforeMs: number,
  notAfterMs: number,
): WorkloadCertificate {
  const spiffeId = formatIdentity(identity);
  const pem = { keyPem: "", chainPem: "", rootsPem: "" };
  return { spiffeId, notBeforeMs, notAfterMs, ...pem };
}
