/** What `--redirect self` does to the node beside serving its pods. */
import type { Config } from "../config/mod.ts";
import { NodeLeftovers } from "../control/leftovers.ts";
import { tellOpenConnections } from "../control/open_connections.ts";
import type { RedirectionStatus } from "../control/redirection_status.ts";
import type { SelfEnrolmentOptions } from "../control/self_enrolment.ts";
import {
  type Backend,
  BranchEniRules,
  DEFAULT_PROBE_SOURCES,
  HostRules,
} from "../redirect/mod.ts";
import {
  findLeftBehind,
  nodeFamilies,
  removeNodeSide,
} from "../redirect/node/mod.ts";
import { closeFd, type Fd } from "../sys/libc.ts";
import { openOwnNetns } from "../sys/new_netns.ts";
import {
  openConnectionsCounter,
  repairedPodsCounter,
} from "../telemetry/hairpin_metrics.ts";
import type { NodeTaint } from "../control/node_taint.ts";
import type { PodRepair } from "../control/pod_repair.ts";
import type { Cluster } from "./cluster.ts";
import type { EnrolmentOptions } from "./enrolment.ts";

/** What becomes of connections that pods have open, and who is told. */
export function openConnectionsOptions(
  { config, registry, log }: EnrolmentOptions,
  status: RedirectionStatus | undefined,
): Pick<SelfEnrolmentOptions, "openConnections" | "onOpenConnections"> {
  const counter = openConnectionsCounter(registry);
  return {
    openConnections: config.nodeSide.openConnections,
    onOpenConnections: (pod, open) =>
      tellOpenConnections(pod, open, {
        log: log("inpod"),
        count: (fate, connections) => {
          counter.with({ fate }).value += connections;
        },
        event: (pod, message) =>
          void status?.tell({
            pod,
            type: "Normal",
            reason: "ConnectionsOpen",
            message,
          }),
      }),
  };
}

/** What `--redirect node` left on the node, before its pods were redirected in themselves. */
export function openNodeLeftovers(
  { config, log, signal }: EnrolmentOptions,
): NodeLeftovers {
  const families = nodeFamilies(config.ipv6.enabled);
  return new NodeLeftovers({
    find: () => onNode((node) => findLeftBehind(node, families)),
    remove: () => onNode((node) => removeNodeSide(node, families)),
    log: log("redirect"),
    signal,
  });
}

async function onNode<T>(run: (node: Fd) => Promise<T>): Promise<T> {
  const node = openOwnNetns();
  try {
    return await run(node);
  } finally {
    closeFd(node);
  }
}

/**
 * Names what `--redirect node` left where others enrol pods. It stays: this
 * process cannot know which pods would be open without it. Never rejects.
 */
export async function tellNodeLeftovers(
  { config, log }: Pick<EnrolmentOptions, "config" | "log">,
): Promise<void> {
  const families = nodeFamilies(config.ipv6.enabled);
  const find = (node: Fd) => findLeftBehind(node, families);
  // Who has not even the programs to look has never written any.
  const found = await onNode(find).catch(() => "none");
  if (found !== "idle") return;
  log("redirect").warn("the node's own redirection was left, and stays", {
    why: "nobody serves it: the pods that it captures are closed",
    hint: "hairpin redirect remove --node, which opens them",
  });
}

/** Whether the end of this process takes the plugin out of the chain. */
export function openChainEnd(
  { cluster, config, signal }: EnrolmentOptions,
): () => Promise<boolean> {
  const atEnd = config.cni?.install?.atEnd;
  if (atEnd !== "auto") return () => Promise.resolve(atEnd === "remove");
  const daemonSet = cluster?.ownDaemonSet(signal);
  return async () => await daemonSet?.isGone() ?? false;
}

/** What the node's own processes, such as a kubelet's probes, reach pods by. */
export function openHostRules(
  { ipv6: { enabled: ipv6 }, nodeName, nodeSide }: Config,
  backend: Backend,
): Pick<HostRules, "sync"> {
  const probes = new HostRules({
    netns: undefined,
    backend,
    ipv6,
    owner: { name: nodeName, probeSources: DEFAULT_PROBE_SOURCES },
  });
  const branches = new BranchEniRules({ netns: undefined, ipv6 });
  return {
    async sync(ips) {
      await probes.sync(ips);
      await branches.sync(nodeSide.awsBranchEni ? ips : []);
    },
  };
}

/** Acts on pods that run past the proxy, as the configuration says. */
export function openPodRepair(
  cluster: Cluster,
  { registry, signal }: EnrolmentOptions,
  status: RedirectionStatus,
): PodRepair {
  const counter = repairedPodsCounter(registry);
  return cluster.podRepair({
    tell: (event) => void status.tell(event),
    count: (type, result) => {
      counter.with({ type, result }).value++;
    },
    signal,
  });
}

/**
 * Keeps the node's taint off while pods can start on it: the plugin is installed
 * and all is served. It is never put back by us.
 */
export class Untaint {
  readonly #taint: NodeTaint | undefined;
  #installed: boolean;

  constructor(
    { cluster, config, readiness, signal }: Pick<
      EnrolmentOptions,
      "cluster" | "config" | "readiness" | "signal"
    >,
  ) {
    // Whoever installs the plugin otherwise keeps it installed.
    this.#installed = config.cni?.install === undefined;
    const key = config.nodeSide.taint;
    if (cluster === undefined || key === undefined) return;
    const isReady = () => readiness.pending().length === 0;
    const mayRemove = () => this.#installed && isReady();
    const taint = cluster.nodeTaint({ key, mayRemove, signal });
    this.#taint = taint;
    void taint.run();
    readiness.onReady(() => taint.look());
  }

  installed(installed: boolean): void {
    this.#installed = installed;
    this.#taint?.look();
  }
}
