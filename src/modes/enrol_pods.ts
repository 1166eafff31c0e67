/** Which of the ways to enrol pods node mode takes. */
import type { Config } from "../config/mod.ts";
import { followNodeAgent } from "../control/node_agent.ts";
import { type BypassedPod, podsOfNode } from "../kube/mod.ts";
import type { Enrolment, EnrolmentOptions } from "./enrolment.ts";
import { tellNodeLeftovers } from "./node_side.ts";
import { enrolByNode } from "./node_redirect.ts";
import { enrolBySelf } from "./self_enrolment.ts";
import { WarningLog } from "./warning_log.ts";

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
    case "node":
      return await enrolByNode(options);
    case "agent":
      void tellNodeLeftovers(options);
      return enrolByAgent(options);
    case "none":
      void tellNodeLeftovers(options);
      return enrolNobody(options);
    default:
      throw new Error(`unhandled: ${redirect satisfies never}`);
  }
}

type DedicatedWorkload = NonNullable<Config["dedicatedWorkload"]>;

function enrolByAgent(
  { config, pods, readiness, log, signal }: EnrolmentOptions,
): Enrolment {
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => {});
  const warnings = new WarningLog(log("state"));
  return {
    want({ objects, settings }) {
      const { bypassed } = podsOfNode(objects, config.nodeName, settings);
      warnings.put(bypassed.map(unheeded));
    },
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
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

const unheeded = ({ namespace, name }: BypassedPod): string =>
  `Pod "${namespace}/${name}" is to bypass the proxy: ` +
  "that is for the node agent to do, and it knows of no such thing";

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
    failed: new Promise<never>(() => {}),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function enrolNobody({ readiness }: EnrolmentOptions): Enrolment {
  readiness.set("workload proxy manager", true);
  return {
    want() {},
    begin: () => Promise.resolve(),
    failed: new Promise<never>(() => {}),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
