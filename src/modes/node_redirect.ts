/** `--redirect node`: the pods of this node are captured in the node's namespace. */
import { PodLeftovers } from "../control/leftovers.ts";
import { NodeCapture } from "../control/node_capture.ts";
import { NodeRuleWatch } from "../control/node_rule_watch.ts";
import { removeUnserved } from "../control/remove_unserved.ts";
import {
  annotatedNetns,
  type NodePod,
  type PodObject,
  podsOfNode,
} from "../kube/mod.ts";
import { findPlaces, NodeRules, requireDevice } from "../redirect/node/mod.ts";
import { openBypassedPods } from "./bypassing.ts";
import type { Enrolment, EnrolmentOptions } from "./enrolment.ts";
import type { MeshInput } from "./mesh_input.ts";
import { requireNodeNetns } from "./node_netns.ts";
import { WarningLog } from "./warning_log.ts";

/** @throws {HairpinError} when the node lacks what that takes. */
export async function enrolByNode(
  options: EnrolmentOptions,
): Promise<Enrolment> {
  requireNodeNetns(options.config);
  await requireDevice();
  const { config, cluster, pods, readiness, log, signal } = options;
  const places = new WarningLog(log("redirect"));
  const rules = new NodeRules({ ipv6: config.ipv6.enabled });
  const leftovers = new PodLeftovers({
    remove: (pod) => removeUnserved(pod, config.hostProc),
    log: log("redirect"),
    signal,
  });
  const capture = new NodeCapture({
    host: pods,
    rules,
    findPlaces: async (wanted) => {
      const { found, warnings } = await findPlaces(wanted);
      places.put(warnings);
      return found;
    },
    dnsCapture: config.dns.capture,
    log: log("redirect"),
    onCaptured: (pod) => leftovers.add(pod),
    onStopped: (uid) => leftovers.forget(uid),
    onTurn: ({ size }) => readiness.set("workload proxy manager", size === 0),
  });
  const warnings = new WarningLog(log("state"));
  const status = cluster?.redirectionStatus(signal);
  // There are no rules in the pods themselves.
  const bypassed = openBypassedPods(options, status, () => Promise.resolve());
  let found = podsOfNode([], config.nodeName);
  const reconcile = async () => {
    const now = found;
    await capture.reconcile(now.pods);
    await bypassed.put(now.bypassed);
  };
  let begun = false;
  const watch = new NodeRuleWatch({
    node: rules.node,
    log: log("redirect"),
    onChange: () => begun && !signal.aborted && void capture.mend(),
  });
  return {
    want(input) {
      found = findPods(input, config.nodeName);
      warnings.put([...found.warnings, ...found.pods.flatMap(unheeded)]);
      if (begun && !signal.aborted) void reconcile();
    },
    async begin() {
      begun = true;
      await reconcile();
    },
    failed: new Promise<never>(() => {}),
    bypassed: () => bypassed.list,
    async [Symbol.asyncDispose]() {
      watch[Symbol.dispose]();
      await capture.end();
      rules[Symbol.dispose]();
    },
  };
}

const findPods = ({ objects, settings }: MeshInput, nodeName: string) =>
  podsOfNode(objects, nodeName, settings, placeOnNode);

/** A pod is this node's by its name alone: no namespace has to be reached. */
const placeOnNode = (pod: PodObject): string | undefined =>
  pod.spec.nodeName === "" ? undefined : annotatedNetns(pod) ?? "";

/** What only rules in the pod itself could do. */
function unheeded({ namespace, name, overrides }: NodePod): string[] {
  const asked = [
    ...overrides.bypassInboundCapture ? ["bypass-inbound-capture"] : [],
    ...overrides.rerouteVirtualInterfaces.length > 0
      ? ["reroute-virtual-interfaces"]
      : [],
  ];
  return asked.map((what) =>
    `Pod "${namespace}/${name}" asks for ${what}: ` +
    "--redirect node does not do that"
  );
}
