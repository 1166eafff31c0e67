/** Everything that is looked at in one pod's namespace. */
import type { HostPort } from "../../config/mod.ts";
import { type Ip, isIpv6, type SocketAddress } from "../../model/address.ts";
import { DEFAULT_PROBE_SOURCES } from "../../redirect/mod.ts";
import type { Fd } from "../../sys/libc.ts";
import type { Dump } from "../../view/mod.ts";
import type { Judgement } from "./finding.ts";
import { listeningSockets, netSysctl } from "./gather.ts";
import { judgeBypass, judgeConnections, nameOf } from "./judge_mesh.ts";
import {
  type HostProbe,
  judgeDns,
  judgeHostProbe,
  judgeIpv6,
  judgeListeners,
  judgeRouting,
  judgeTunnel,
  type TunnelAnswer,
} from "./judge_pod.ts";
import { judgePolicyEffect } from "./judge_policy.ts";
import {
  capturesDns,
  familiesIn,
  judgeForeign,
  judgeLeftover,
  judgeRules,
} from "./judge_rules.ts";
import { checkPolicyEffect } from "./policy_probe.ts";
import { missingRouting, readHeldRules } from "./pod_rules.ts";
import { probeDns, probeFromHost, probeTunnel } from "./probes.ts";
import type { ReadLog } from "./log_source.ts";
import type { SocketRow } from "./sockets_text.ts";

/** The process that serves this node, as far as it could be asked. */
export interface Proxy {
  readonly dump: Dump | undefined;
  readonly pid: number | undefined;
  /** Where it was asked. */
  readonly admin: HostPort;
  /** The pod whose namespace the check runs in; undefined: it is taken for the node's. */
  readonly within: string | undefined;
  /** Its log, where that can be read. */
  readonly log: ReadLog | undefined;
}

/** A namespace that is open, and whose it is. */
export interface Opened {
  readonly path: string;
  readonly netns: Fd;
  readonly ips: readonly Ip[];
  /** `NAMESPACE/NAME` of the pod of the mesh. */
  readonly pod: string | undefined;
  /** Set where the pod is past the proxy for now. */
  readonly bypassed:
    | NonNullable<Dump["hairpin"]>["bypassedPods"][number]
    | undefined;
}

/** A namespace that nobody is to redirect. */
export async function checkStranger(
  { netns, bypassed }: Opened,
): Promise<Judgement[]> {
  const rules = await readHeldRules(netns);
  return [
    ...bypassed === undefined ? [] : [judgeBypass(bypassed)],
    judgeLeftover(rules),
  ];
}

/** The namespace of a pod that is captured outside of it: it is left alone. */
export async function checkCaptured(
  opened: Opened,
  dump: Dump,
): Promise<Judgement[]> {
  const { pod, bypassed } = opened;
  const inside = await checkStranger(opened);
  return pod === undefined || bypassed !== undefined
    ? inside
    : [...inside, judgeConnections(dump, pod)];
}

/** A namespace that is redirected, or is to be. */
export async function checkPod(
  opened: Opened,
  proxy: Proxy,
): Promise<Judgement[]> {
  const { dump, pid } = proxy;
  const { netns, pod, ips } = opened;
  const rules = await readHeldRules(netns);
  const sockets = await listeningSockets(netns);
  const dns = capturesDns(rules);
  const families = familiesIn(rules);
  const info = dump?.workloadState.find(({ info }) => nameOf(info) === pod)
    ?.info;
  return [
    judgeRules(rules),
    judgeForeign(rules.all),
    judgeRouting(await missingRouting(families, netns)),
    judgeIpv6({
      hasAddress: ips.some(isIpv6),
      captured: families.includes(6) || !rules.isKnown,
      wanted: dump?.config.ipv6Enabled ?? true,
      onLoopback: netSysctl("ipv6/conf/lo/disable_ipv6", netns) === "0",
    }),
    judgeListeners(sockets, { proxyPid: pid, dns }),
    judgeTunnel(
      await probeTunnelOf(opened),
      info && `${info.namespace}/${info.serviceAccount}`,
      dump?.certificates.map(({ identity }) => identity),
    ),
    judgeDns(dns, dns && await probeDns(netns, nameToAsk(dump))),
    judgeHostProbe(await hostProbe(opened, sockets, proxy.within)),
    ...dump && pod ? [judgeConnections(dump, pod)] : [],
    ...await policyEffect(opened, proxy, sockets),
  ];
}

/** A name that is known here is answered without asking anybody. */
const nameToAsk = (dump: Dump | undefined): string =>
  dump?.services.find(({ hostname }) => /^[a-z0-9.-]{1,253}$/.test(hostname))
    ?.hostname ?? "hairpin.invalid";

const probeTunnelOf = async ({ ips: [ip] }: Opened): Promise<TunnelAnswer> =>
  ip === undefined
    ? { kind: "problem", text: "the namespace has no address" }
    : await probeTunnel({ ip, port: 15008 });

const PROXY_PORT = /^150(01|06|08|20|21|53|80)$/;

async function hostProbe(
  { netns, ips }: Opened,
  sockets: readonly SocketRow[] | undefined,
  within: string | undefined,
): Promise<HostProbe> {
  if (within !== undefined) return { kind: "elsewhere", pod: within };
  if (sockets === undefined) return { kind: "unknown" };
  const to = applicationOf(ips, sockets);
  if (to === undefined) return { kind: "none" };
  const source = DEFAULT_PROBE_SOURCES[isIpv6(to.ip) ? "v6" : "v4"];
  return await probeFromHost(netns, to, source);
}

/** Where the pod's own program can be tried. */
function applicationOf(
  [ip]: readonly Ip[],
  sockets: readonly SocketRow[],
): SocketAddress | undefined {
  const port = ip &&
    sockets.find((row) =>
      !PROXY_PORT.test(`${row.localPort}`) &&
      [ip, "*", isIpv6(ip) ? "::" : "0.0.0.0"].includes(row.local)
    )?.localPort;
  return ip === undefined || port === undefined ? undefined : { ip, port };
}

async function policyEffect(
  { netns, pod, ips }: Opened,
  { dump, pid, admin, log }: Proxy,
  sockets: readonly SocketRow[] | undefined,
): Promise<Judgement[]> {
  if (dump === undefined || pod === undefined) return [];
  const to = applicationOf(ips, sockets ?? []);
  return to === undefined
    ? [judgePolicyEffect(undefined)]
    : await checkPolicyEffect({ dump, pid, admin, log }, {
      name: pod,
      netns,
      to,
    });
}
