/** What would become of a connection, told step by step. Plain data. */

/** What is asked, as it was given. */
export interface ExplainQuestion {
  /** `NAMESPACE/POD` or an IP address. */
  readonly from: string;
  /** `IP:PORT` or `HOST:PORT`. */
  readonly to: string;
  /** The request whose layer 7 decision is asked for too. */
  readonly request?: ExplainRequest | undefined;
}

export interface ExplainRequest {
  readonly method: string;
  readonly path: string;
}

export type ExplainVerdict =
  /** An application gets it. */
  | "allow"
  /** A policy refuses it. */
  | "deny"
  /** It cannot be carried. */
  | "fail"
  /** A waypoint answers it by itself, as with a redirect. */
  | "answer"
  /** Another process decides the rest: a waypoint, or a gateway to another network. */
  | "elsewhere"
  /** On what was not asked: the request, an authorizer, or the choice of an endpoint. */
  | "depends";

/** One decision on the way. */
export interface ExplainStep {
  /** Who takes it, such as `inbound at default/web-0`. */
  readonly at: string;
  /** What it is about, such as `policy`. */
  readonly about: string;
  /** What is decided and why, in one line. */
  readonly says: string;
}

/** One way that the connection may take. */
export interface ExplainedWay {
  readonly verdict: ExplainVerdict;
  readonly because: string;
  readonly steps: readonly ExplainStep[];
}

export interface Explanation {
  /** The client and the target as they were understood. */
  readonly from: string;
  readonly to: string;
  /** That of every way; `depends` when they differ. */
  readonly verdict: ExplainVerdict;
  readonly because: string;
  /** One for each choice of waypoint, backend and endpoint; never empty. */
  readonly ways: readonly ExplainedWay[];
  /** Whether there are more ways than are told. */
  readonly more: boolean;
}

/** A question that cannot be answered as it stands, and why. */
export interface Unexplained {
  readonly error: string;
}
