/** `--redirect self`: this process enrols the pods of its node. */
import type { CaptureGate, CaptureGateOptions } from "../control/cni/mod.ts";
import type { FoundPodsOptions } from "../control/cluster_pods.ts";
import { type ClusterPods, NodeEnrolment } from "../control/node_enrolment.ts";
import { PodNetns } from "../control/pod_netns.ts";
import type { RedirectionStatus } from "../control/redirection_status.ts";
import { removeRedirectAt } from "../control/remove_redirect_at.ts";
import { SelfEnrolment } from "../control/self_enrolment.ts";
import { DEFAULT_SETTINGS } from "../kube/mod.ts";
import { type Backend, chooseBackend } from "../redirect/mod.ts";
import { runCommand } from "../sys/command.ts";
import { openBypassedPods } from "./bypassing.ts";
import type { Enrolment, EnrolmentOptions } from "./enrolment.ts";
import {
  openChainEnd,
  openConnectionsOptions,
  openHostRules,
  openNodeLeftovers,
  openPodRepair,
  Untaint,
} from "./node_side.ts";
import { requireNodeNetns } from "./node_netns.ts";
import { WarningLog } from "./warning_log.ts";

/** @throws {HairpinError} when the node lacks what that takes. */
export async function enrolBySelf(
  options: EnrolmentOptions,
): Promise<Enrolment> {
  const { config, log, signal } = options;
  requireNodeNetns(config);
  const backend = await chooseBackend(runCommand, {
    ipv6: config.ipv6.enabled,
    choice: config.nodeSide.redirectBackend,
  });
  const status = options.cluster?.redirectionStatus(signal);
  const self = openSelfEnrolment(options, status, backend);
  // A process that drains takes no pod on.
  signal.addEventListener("abort", () => self[Symbol.dispose]());
  const warnings = new WarningLog(log("state"));
  const netnses = new PodNetns();
  const untaint = new Untaint(options);
  const bypassed = openBypassedPods(options, status, removeRedirectAt);
  const node: NodeEnrolment = new NodeEnrolment({
    nodeName: config.nodeName,
    enrolment: self,
    netnses,
    cluster: await findPods(options, status, {
      netnses,
      enrolment: self,
      reconcile: () => node.reconcile(),
    }),
    onWarnings: (found) => warnings.put(found),
    onBypassed: (pods) => bypassed.put(pods),
  });
  const cni = await serveCni(options, {
    netnses,
    enrolment: self,
    reconcile: () => node.reconcile(),
    tellsOfAll: config.kube !== undefined,
  });
  let begun = false;
  let leaveChain = () => Promise.resolve();
  return {
    want({ objects, settings }) {
      node.want(objects, settings);
      cni?.gate.know({ objects, settings });
      if (begun) void node.reconcile();
    },
    async begin() {
      begun = true;
      await node.reconcile();
      cni?.gate.begin();
      leaveChain = await keepInChain(
        options,
        (installed) => untaint.installed(installed),
      );
    },
    failed: new Promise<never>(() => {}),
    bypassed: () => bypassed.list,
    async [Symbol.asyncDispose]() {
      await leaveChain();
      await cni?.server[Symbol.asyncDispose]();
      self[Symbol.dispose]();
      netnses[Symbol.dispose]();
    },
  };
}

/** Loaded only where there is an API to ask. */
async function findPods(
  options: EnrolmentOptions,
  status: RedirectionStatus | undefined,
  found: Omit<FoundPodsOptions, "status" | "repair" | "signal" | "procRoot">,
): Promise<ClusterPods | undefined> {
  const { cluster, config, signal } = options;
  if (cluster === undefined || status === undefined) return undefined;
  const { FoundPods } = await import("../control/cluster_pods.ts");
  return new FoundPods({
    ...found,
    status,
    repair: openPodRepair(cluster, options, status),
    procRoot: config.hostProc,
    signal,
  });
}

interface CniService {
  readonly gate: CaptureGate;
  readonly server: AsyncDisposable;
}

/** Loaded only where a plugin asks. */
async function serveCni(
  { config, log }: EnrolmentOptions,
  options: CaptureGateOptions,
): Promise<CniService | undefined> {
  if (config.cni === undefined) return undefined;
  const { CaptureGate, serveNode } = await import("../control/cni/mod.ts");
  const gate = new CaptureGate({ ...options, procRoot: config.hostProc });
  const { socket: path } = config.cni;
  const server = serveNode({ path, gate, log: log("cni") });
  return { gate, server };
}

/**
 * Installs the plugin, once pods can be served: before, it would only stop them.
 *
 * @returns what ends that.
 */
async function keepInChain(
  options: EnrolmentOptions,
  onInstalled: (installed: boolean) => void,
): Promise<() => Promise<void>> {
  const { config, log, signal } = options;
  const { socket = "", install } = config.cni ?? {};
  if (install === undefined) return () => Promise.resolve();
  const { Chain, pluginProgram } = await import("../control/cni/mod.ts");
  const chain = new Chain({
    ...install,
    socket,
    program: await pluginProgram(),
    excludedNamespaces: DEFAULT_SETTINGS.excludedNamespaces,
    log: log("cni"),
    onInstalled,
  });
  await chain.ensure();
  const over = chain.keep(signal);
  const isOver = openChainEnd(options);
  return async () => {
    await over;
    if (await isOver()) await chain.remove();
  };
}

function openSelfEnrolment(
  options: EnrolmentOptions,
  status: RedirectionStatus | undefined,
  backend: Backend,
): SelfEnrolment {
  const { config, pods, readiness, log } = options;
  const leftovers = openNodeLeftovers(options);
  return new SelfEnrolment({
    host: pods,
    backend,
    hostRules: openHostRules(config, backend),
    ipv6: config.ipv6.enabled,
    dnsCapture: config.dns.capture,
    ...openConnectionsOptions(options, status),
    log: log("inpod"),
    onTurn({ size }) {
      readiness.set("workload proxy manager", size === 0);
      void leftovers.settle(size);
    },
  });
}
