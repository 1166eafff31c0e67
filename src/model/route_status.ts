/** What a route's status is to say, for every parent that is served here. */

/** A parent as the route names it. */
export interface ParentReference {
  readonly group: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly port?: number;
  readonly sectionName?: string;
}

/** A condition without the times that its writer adds. */
export interface RouteCondition {
  readonly type: "Accepted" | "ResolvedRefs" | "PartiallyInvalid";
  readonly status: "True" | "False";
  readonly reason: string;
  /** Every reason there is, on one line; empty when all is well. */
  readonly message: string;
}

/** One route and what became of it. */
export interface RouteStatus {
  readonly kind: "HTTPRoute" | "GRPCRoute" | "TLSRoute" | "TCPRoute";
  readonly namespace: string;
  readonly name: string;
  readonly parents: readonly {
    readonly parent: ParentReference;
    readonly conditions: readonly RouteCondition[];
  }[];
}
