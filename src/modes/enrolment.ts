import type { Config } from "../config/mod.ts";
import { followNodeAgent } from "../control/node_agent.ts";
import { SelfEnrolment } from "../control/self_enrolment.ts";
import { type NodePod, podsOfNode } from "../kube/mod.ts";
import {
  chooseIptables,
  DEFAULT_PROBE_SOURCES,
  HostRules,
} from "../redirect/mod.ts";
import { runCommand } from "../sys/command.ts";
import type { Logger } from "../telemetry/log.ts";
import type { PodManager } from "../worker/pod_manager.ts";
import type { WorkerPool } from "../worker/worker_pool.ts";
import type { MeshInput } from "./mesh_input.ts";
import type { Readiness } from "./readiness.ts";
import { WarningLog } from "./warning_log.ts";
import type { WaypointState } from "./waypoint_state.ts";

export interface EnrolmentOptions {
  readonly config: Config;
  readonly pods: PodManager;
  readonly workers: WorkerPool;
  readonly readiness: Readiness;
  log(scope: string): Logger;
  readonly signal: AbortSignal;
}

/** Whoever decides which pods are served. */
export interface Enrolment extends Disposable {
  /** What the configuration says now; may come before {@link begin}. */
  want(input: MeshInput): void;
  /** Starts serving: the mesh is known now. */
  begin(): Promise<void>;
  /** Rejects when it cannot go on. */
  readonly failed: Promise<never>;
  /** What it was told to do at layer 7. Default: nothing. */
  readonly waypoint?: () => WaypointState | undefined;
}

/** @throws {HairpinError} when the node cannot enrol pods, saying what it lacks. */
export async function enrolPods(
  options: EnrolmentOptions,
): Promise<Enrolment> {
  const { proxyMode, dedicatedWorkload, redirect } = options.config;
  if (proxyMode === "dedicated" && dedicatedWorkload !== undefined) {
    return enrolOwnPod(options, dedicatedWorkload);
  }
  switch (redirect) {
    case "self":
      return await enrolBySelf(options);
    case "agent":
      return enrolByAgent(options);
    case "none":
      return enrolNobody(options);
    default:
      throw new Error(`unhandled: ${redirect satisfies never}`);
  }
}

type DedicatedWorkload = NonNullable<Config["dedicatedWorkload"]>;

const NEVER = new Promise<never>(() => {});

async function enrolBySelf(
  { config, pods, readiness, log, signal }: EnrolmentOptions,
): Promise<Enrolment> {
  const ipv6 = config.ipv6.enabled;
  const iptables = await chooseIptables(runCommand, { ipv6 });
  const hostRules = new HostRules({
    netns: undefined,
    iptables,
    ipv6,
    owner: { name: config.nodeName, probeSources: DEFAULT_PROBE_SOURCES },
  });
  const self = new SelfEnrolment({
    host: pods,
    iptables,
    hostRules,
    ipv6,
    dnsCapture: config.dns.capture,
    log: log("inpod"),
    onTurn: ({ size }) => readiness.set("workload proxy manager", size === 0),
  });
  // A process that drains takes no pod on.
  signal.addEventListener("abort", () => self[Symbol.dispose]());
  const warnings = new WarningLog(log("state"));
  let wanted: readonly NodePod[] = [];
  let begun = false;
  const run = () => self.reconcile(wanted);
  return {
    want({ objects, settings }) {
      const found = podsOfNode(objects, config.nodeName, settings);
      warnings.put(found.warnings);
      wanted = found.pods;
      if (begun) void run();
    },
    begin() {
      begun = true;
      return run();
    },
    failed: NEVER,
    [Symbol.dispose]: () => self[Symbol.dispose](),
  };
}

function enrolByAgent(
  { config, pods, readiness, log, signal }: EnrolmentOptions,
): Enrolment {
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => {});
  return {
    want() {},
    begin() {
      followNodeAgent({
        path: config.inpodUds,
        host: pods,
        log: log("inpod"),
        onReadyChange: (ready) =>
          readiness.set("workload proxy manager", ready),
        signal,
      }).catch(reject);
      return Promise.resolve();
    },
    failed,
    [Symbol.dispose]() {},
  };
}

/** The pod that this process runs in; whoever put it there redirects. */
function enrolOwnPod(
  { pods, readiness }: EnrolmentOptions,
  { namespace, name, serviceAccount }: DedicatedWorkload,
): Enrolment {
  return {
    want() {},
    async begin() {
      const uid = `${namespace}/${name}`;
      const info = { uid, namespace, name, serviceAccount };
      await pods.add({ ...info, netns: undefined });
      readiness.set("workload proxy manager", true);
    },
    failed: NEVER,
    [Symbol.dispose]() {},
  };
}

function enrolNobody({ readiness }: EnrolmentOptions): Enrolment {
  readiness.set("workload proxy manager", true);
  return {
    want() {},
    begin: () => Promise.resolve(),
    failed: NEVER,
    [Symbol.dispose]() {},
  };
}
