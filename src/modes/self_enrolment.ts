/** `--redirect self`: this process enrols the pods of its node. */
import type { CaptureGate, CaptureGateOptions } from "../control/cni/mod.ts";
import { NodeEnrolment } from "../control/node_enrolment.ts";
import { PodNetns } from "../control/pod_netns.ts";
import { SelfEnrolment } from "../control/self_enrolment.ts";
import {
  chooseIptables,
  DEFAULT_PROBE_SOURCES,
  HostRules,
} from "../redirect/mod.ts";
import { runCommand } from "../sys/command.ts";
import type { Enrolment, EnrolmentOptions } from "./enrolment.ts";
import { WarningLog } from "./warning_log.ts";

/** @throws {HairpinError} when the node lacks what that takes. */
export async function enrolBySelf(
  options: EnrolmentOptions,
): Promise<Enrolment> {
  const { config, log, signal } = options;
  const self = await openSelfEnrolment(options);
  // A process that drains takes no pod on.
  signal.addEventListener("abort", () => self[Symbol.dispose]());
  const warnings = new WarningLog(log("state"));
  const netnses = new PodNetns();
  const node = new NodeEnrolment({
    nodeName: config.nodeName,
    enrolment: self,
    netnses,
    onWarnings: (found) => warnings.put(found),
  });
  const cni = await serveCni(options, {
    netnses,
    enrolment: self,
    reconcile: () => node.reconcile(),
    tellsOfAll: config.kube !== undefined,
  });
  let begun = false;
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
    },
    failed: new Promise<never>(() => {}),
    async [Symbol.asyncDispose]() {
      await cni?.server[Symbol.asyncDispose]();
      self[Symbol.dispose]();
      netnses[Symbol.dispose]();
    },
  };
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
  const gate = new CaptureGate(options);
  const { socket: path } = config.cni;
  return { gate, server: serveNode({ path, gate, log: log("cni") }) };
}

async function openSelfEnrolment(
  { config, pods, readiness, log }: EnrolmentOptions,
): Promise<SelfEnrolment> {
  const ipv6 = config.ipv6.enabled;
  const iptables = await chooseIptables(runCommand, { ipv6 });
  const hostRules = new HostRules({
    netns: undefined,
    iptables,
    ipv6,
    owner: { name: config.nodeName, probeSources: DEFAULT_PROBE_SOURCES },
  });
  return new SelfEnrolment({
    host: pods,
    iptables,
    hostRules,
    ipv6,
    dnsCapture: config.dns.capture,
    log: log("inpod"),
    onTurn: ({ size }) => readiness.set("workload proxy manager", size === 0),
  });
}
