/** Where a rule of a route sends its calls. Plain data. */
import type { ServiceKey } from "./workload.ts";

/** One destination of a rule. */
export type BackendTarget =
  | {
    readonly kind: "service";
    readonly service: ServiceKey;
    /** As the service numbers it. */
    readonly port: number;
  }
  /** What was asked for cannot be used: its share of the calls fails. */
  | { readonly kind: "invalid"; readonly because: string };

/** A destination with its share of a rule's calls. */
export interface WeightedBackend {
  /** 0 to 1_000_000; at 0 it gets nothing. */
  readonly weight: number;
  readonly target: BackendTarget;
}
