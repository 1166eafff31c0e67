/** Judgements on what peers are told of this node's pods, against what is so; pure. */
import type { Dump } from "../../view/mod.ts";
import { failed, type Judgement, ok, warning } from "./finding.ts";
import { namely } from "./judge_rules.ts";

interface Named {
  readonly namespace: string;
  readonly name: string;
}

export const nameOf = ({ namespace, name }: Named): string =>
  `${namespace}/${name}`;

/** Whether peers tunnel to the pods that are served here, and to no others. */
export function judgeServed(
  { config, workloads, workloadState }:
    & Pick<
      Dump,
      "workloads" | "workloadState"
    >
    & { readonly config: { readonly localNode: string } },
): Judgement {
  const check = "pods and mesh";
  const served = new Set(workloadState.map(({ info }) => nameOf(info)));
  const here = workloads.filter(({ node, nativeTunnel, networkMode }) =>
    node === config.localNode && !nativeTunnel && networkMode !== "HostNetwork"
  );
  const unserved = here.filter((workload) =>
    workload.protocol === "HBONE" && !served.has(nameOf(workload))
  );
  if (unserved.length > 0) {
    return failed(
      check,
      `peers tunnel to what nobody serves: ${namely(unserved.map(nameOf))}`,
      "see the log for these pods; restart one that lost its proxy in a reboot",
    );
  }
  const untold = here.filter((workload) =>
    workload.protocol !== "HBONE" && served.has(nameOf(workload))
  );
  return untold.length === 0
    ? ok(check, `${served.size} served, and peers know of them`)
    : failed(
      check,
      `served here, and peers send plaintext: ${namely(untold.map(nameOf))}`,
      "their annotation ambient.istio.io/redirection must be enabled: see the log of who enrols them",
    );
}

type BypassedPod = NonNullable<Dump["hairpin"]>["bypassedPods"][number];

/** Pods that were taken out of the mesh for a while. */
export function judgeBypassed(
  { hairpin }: { readonly hairpin?: Pick<Hairpin, "bypassedPods"> | undefined },
): Judgement {
  const check = "bypassed pods";
  const pods = hairpin?.bypassedPods ?? [];
  if (pods.length === 0) return ok(check, "none");
  const found = namely(pods.map((pod) => `${nameOf(pod)} ${endOf(pod)}`));
  return pods.some(({ until }) => until === undefined)
    ? failed(check, found, BYPASS_HINT)
    : warning(check, found, BYPASS_HINT);
}

type Hairpin = NonNullable<Dump["hairpin"]>;

/** The same of one pod. */
export function judgeBypass(pod: BypassedPod): Judgement {
  const found = `without mTLS and policy ${endOf(pod)}`;
  return pod.until === undefined
    ? failed("bypass", found, BYPASS_HINT)
    : warning("bypass", found, BYPASS_HINT);
}

const BYPASS_HINT =
  "remove the annotation hairpin.dev/bypass-capture when the search is over";

const endOf = ({ until }: BypassedPod): string =>
  until === undefined ? "for ever" : `until ${until}`;

/** Whether peers that could tunnel reach a pod in plaintext. */
export function judgeConnections(
  { workloadState, workloads }: Pick<Dump, "workloadState" | "workloads">,
  pod: string,
): Judgement {
  const check = "open connections";
  const state = workloadState.find(({ info }) => nameOf(info) === pod);
  const { inbound = [], outbound = [] } = state?.connections ?? {};
  const isTunnelled = ({ protocol }: { protocol: string }) =>
    protocol !== "TCP";
  const members = new Map(
    workloads.filter(({ protocol }) => protocol === "HBONE").flatMap((w) =>
      w.workloadIps.map((ip) => [ip, nameOf(w)] as const)
    ),
  );
  const plain = inbound.filter((row) => !isTunnelled(row)).flatMap(({ src }) =>
    members.get(hostOf(src)) ?? []
  );
  if (plain.length > 0) {
    return warning(
      check,
      `in plaintext from pods of the mesh: ${namely([...new Set(plain)])}`,
      "a connection that is older than the enrolment stays plaintext: restart the client",
    );
  }
  const all = [...inbound, ...outbound];
  const tunnelled = all.filter(isTunnelled).length;
  return ok(check, `${all.length}, of them ${tunnelled} by mTLS`);
}

/** Of `1.2.3.4:5` or `[::1]:5`. */
export const hostOf = (address: string): string =>
  address.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");

/** Whether annotations say what labels want; asked only where the Kubernetes API is the source. */
export function judgeMarks(
  { hairpin }: { readonly hairpin?: Pick<Hairpin, "podMarks"> | undefined },
): Judgement {
  const check = "labels and annotations";
  const pods = hairpin?.podMarks ?? [];
  const marked = (pod: typeof pods[number]) =>
    `${nameOf(pod)} (${pod.mark ?? "no annotation"})`;
  const unenrolled = pods.filter(({ wanted, mark }) =>
    wanted && mark !== "enabled"
  );
  if (unenrolled.length > 0) {
    return failed(
      check,
      `labelled into the mesh and not enrolled: ${
        namely(unenrolled.map(marked))
      }`,
      "see the pod's Events and the log; a pod that cannot be found has to be restarted",
    );
  }
  const stale = pods.filter(({ wanted }) => !wanted);
  return stale.length === 0
    ? ok(check, `${pods.length} pods, all as wanted`)
    : failed(
      check,
      `annotated and not labelled: ${namely(stale.map(marked))}`,
      "rules may be left in the pod: hairpin redirect remove --netns PATH, or restart it",
    );
}
