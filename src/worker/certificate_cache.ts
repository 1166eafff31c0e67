import type {
  CertificateState,
  WorkloadCertificate,
} from "../model/certificate.ts";
import { formatIdentity, type Identity } from "../model/identity.ts";
import { IdentityError } from "../net/errors.ts";
import type { CertificateReader } from "../proxy/context.ts";
import { CERTIFICATE_WAIT_MS } from "../proxy/limits.ts";

type Waiter = PromiseWithResolvers<WorkloadCertificate>;

/**
 * A worker's copy of the certificates. The control thread issues and rotates
 * them; a connection waits only for one that is not here yet.
 */
export class CertificateCache implements CertificateReader {
  readonly #states = new Map<string, CertificateState>();
  readonly #waiting = new Map<string, Waiter>();
  readonly #want: (identity: Identity) => void;
  readonly #waitMs: number;

  /** @param want Asks the control thread for one. */
  constructor(
    want: (identity: Identity) => void,
    waitMs = CERTIFICATE_WAIT_MS,
  ) {
    this.#want = want;
    this.#waitMs = waitMs;
  }

  async get(identity: Identity): Promise<WorkloadCertificate> {
    const spiffeId = formatIdentity(identity);
    const state = this.#states.get(spiffeId);
    if (state?.at === "available" && isFresh(state.certificate)) {
      return state.certificate;
    }
    const asked = state?.at === "initializing" || this.#waiting.has(spiffeId);
    if (!asked) this.#want(identity);
    if (state?.at === "unavailable") throw unavailable(state.why);
    return await this.#wait(spiffeId);
  }

  /** Takes what the control thread said; undefined: no longer needed. */
  put(spiffeId: string, state: CertificateState | undefined): void {
    if (state === undefined) {
      this.#states.delete(spiffeId);
      this.#settle(
        spiffeId,
        (w) => w.reject(unavailable("the identity is no longer needed")),
      );
      return;
    }
    this.#states.set(spiffeId, state);
    if (state.at === "available" && isFresh(state.certificate)) {
      this.#settle(spiffeId, (w) => w.resolve(state.certificate));
    } else if (state.at === "unavailable") {
      this.#settle(spiffeId, (w) => w.reject(unavailable(state.why)));
    }
  }

  #wait(spiffeId: string): Promise<WorkloadCertificate> {
    const known = this.#waiting.get(spiffeId);
    if (known !== undefined) return known.promise;
    const waiter = Promise.withResolvers<WorkloadCertificate>();
    this.#waiting.set(spiffeId, waiter);
    const timer = setTimeout(
      () =>
        this.#settle(
          spiffeId,
          (w) => w.reject(unavailable("timed out waiting for a certificate")),
        ),
      this.#waitMs,
    );
    return waiter.promise.finally(() => clearTimeout(timer));
  }

  #settle(spiffeId: string, act: (waiter: Waiter) => void): void {
    const waiter = this.#waiting.get(spiffeId);
    this.#waiting.delete(spiffeId);
    if (waiter !== undefined) act(waiter);
  }
}

/** An expired certificate is never shown to a peer. */
const isFresh = (certificate: WorkloadCertificate): boolean =>
  certificate.notAfterMs > Date.now();

const unavailable = (why: string): IdentityError =>
  new IdentityError(`identity error: ${why}`, "own");
