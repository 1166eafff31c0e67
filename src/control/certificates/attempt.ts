import type { Clock } from "../../base/clock.ts";
import type { WorkloadCertificate } from "../../model/certificate.ts";
import { formatIdentity, type Identity } from "../../model/identity.ts";
import { type CertificateIssuer, IssueError } from "./issuer.ts";
import { ISSUE_TIMEOUT_MS } from "./limits.ts";

/**
 * Asks an issuer once, and believes it only what can be used. Settles within
 * {@link ISSUE_TIMEOUT_MS} or as soon as `abort` fires, whatever the issuer does.
 *
 * @throws {IssueError} or what the issuer threw.
 */
export async function attemptIssue(
  issuer: CertificateIssuer,
  identity: Identity,
  abort: AbortController,
  clock: Clock,
): Promise<WorkloadCertificate> {
  const cancel = clock.setTimer(ISSUE_TIMEOUT_MS, () => {
    abort.abort(
      new IssueError(`no answer from the CA within ${ISSUE_TIMEOUT_MS} ms`),
    );
  });
  try {
    const { signal } = abort;
    const issued = issuer.issue(identity, signal);
    return checked(await orAborted(issued, signal), identity, clock.nowMs());
  } finally {
    cancel();
  }
}

function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), {
      once: true,
    });
    promise.then(resolve, reject);
  });
}

function checked(
  certificate: WorkloadCertificate,
  identity: Identity,
  nowMs: number,
): WorkloadCertificate {
  const spiffeId = formatIdentity(identity);
  if (certificate.spiffeId !== spiffeId) {
    throw new IssueError(`did not find expected SAN: ${spiffeId}`);
  }
  // Not a number counts as over, too.
  if (!(certificate.notAfterMs > nowMs)) {
    throw new IssueError(`the certificate issued is already expired`);
  }
  return certificate;
}
