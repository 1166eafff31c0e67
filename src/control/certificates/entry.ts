import type { CancelTimer } from "../../base/clock.ts";
import type {
  CertificateState,
  WorkloadCertificate,
} from "../../model/certificate.ts";
import type { Identity } from "../../model/identity.ts";
import type { Priority } from "./priority.ts";
import type { Failures } from "./schedule.ts";

/** What is under way for an identity. */
export type Work =
  | { readonly at: "queued" }
  | { readonly at: "issuing"; readonly abort: AbortController }
  | { readonly at: "scheduled"; readonly cancel: CancelTimer };

/** Someone waiting for the first outcome. */
export type Waiter = PromiseWithResolvers<WorkloadCertificate>;

/** All that the manager keeps of one identity. */
export interface Entry {
  readonly identity: Identity;
  readonly spiffeId: string;
  /** What the outside knows. */
  state: CertificateState;
  /** Of the work queued. */
  priority: Priority;
  work: Work;
  /** None since the last success. */
  failures: Failures | undefined;
  /** Start of the latest attempt. */
  triedMs: number;
  readonly waiters: Set<Waiter>;
}

/** An identity newly asked for. */
export const newEntry = (
  identity: Identity,
  spiffeId: string,
  priority: Priority,
): Entry => ({
  identity,
  spiffeId,
  state: { at: "initializing" },
  priority,
  work: { at: "queued" },
  failures: undefined,
  triedMs: -Infinity,
  waiters: new Set(),
});
