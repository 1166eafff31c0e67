/** The parts of `/config_dump` that tests look at; the rest is there all the same. */
export interface ConfigDump {
  readonly workloads: readonly DumpWorkload[];
  readonly services: readonly DumpService[];
  readonly policies: readonly DumpPolicy[];
  readonly certificates: readonly DumpCertificate[];
  /** By pod uid. */
  readonly workloadState: Readonly<Record<string, DumpPod>>;
  /** Why the configuration on disk is not the one in force; absent or empty when it is. */
  readonly configErrors?: readonly unknown[];
  readonly [other: string]: unknown;
}

export interface DumpWorkload {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  readonly workloadIps: readonly string[];
  readonly protocol: string;
  readonly status: string;
  readonly node?: string;
  readonly [other: string]: unknown;
}

export interface DumpService {
  readonly name: string;
  readonly namespace: string;
  readonly hostname: string;
  readonly vips: readonly string[];
  readonly endpoints: Readonly<Record<string, unknown>>;
  readonly [other: string]: unknown;
}

export interface DumpPolicy {
  readonly name: string;
  readonly namespace: string;
  readonly action: string;
  readonly scope: string;
  readonly [other: string]: unknown;
}

export interface DumpCertificate {
  readonly identity: string;
  readonly state: string;
  readonly [other: string]: unknown;
}

export interface DumpPod {
  readonly state: string;
  readonly info: { readonly name: string; readonly namespace: string };
  readonly connections?: {
    readonly inbound: readonly DumpConnection[];
    readonly outbound: readonly DumpConnection[];
  };
}

export interface DumpConnection {
  readonly src: string;
  readonly originalDst: string | null;
  readonly actualDst: string;
  readonly protocol: string;
  readonly [other: string]: unknown;
}
