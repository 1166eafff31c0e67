/** What `programs/hostile.ts` is told, and what it tells. */
import type { HboneJob } from "./hbone_job.ts";

export interface HostileJob {
  readonly to: HboneJob["to"];
  readonly attack: Attack;
}

export type Attack =
  /** TCP connections that say random octets and wait for their end. */
  | { readonly kind: "noise"; readonly connections: number }
  /** TCP connections that say nothing, but for one that never gets on with TLS. */
  | { readonly kind: "silence"; readonly connections: number }
  /** One tunnel, and something on it that no client does. */
  | {
    readonly kind: "tunnel";
    readonly tls: HboneJob["tls"];
    readonly trick: Trick;
    /** `:authority` of the requests. */
    readonly authority: string;
  };

export type Trick =
  /** Random octets in place of HTTP/2. */
  | "noise"
  /** Nothing in place of HTTP/2. */
  | "silence"
  /** Requests that are taken back at once. */
  | "rapid-reset"
  /** One header block in frames without end. */
  | "continuation"
  /** One header block of a megabyte. */
  | "long-headers"
  /** A few octets of header block that stand for hundreds of megabytes. */
  | "header-bomb"
  | "ping-flood"
  | "settings-flood";

/** One line when all connections are open, and one when all are over. */
export type HostileNews =
  | { readonly at: "open" }
  | {
    readonly at: "over";
    readonly closed: number;
    /** Octets that the server sent, inside TLS where there is TLS. */
    readonly heard: number;
    /** Error code of its GOAWAY. */
    readonly goAway?: number;
  };
