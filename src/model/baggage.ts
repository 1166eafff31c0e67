import type { Workload } from "./workload.ts";

/**
 * What a proxy tells its peer about the workload behind it, for telemetry only:
 * nothing here is authenticated. An empty string means that it was not told.
 */
export interface Baggage {
  readonly cluster: string;
  readonly namespace: string;
  readonly workloadType: Workload["workloadType"];
  readonly workloadName: string;
  readonly canonicalName: string;
  readonly canonicalRevision: string;
  readonly region: string;
  readonly zone: string;
}
