/** Which namespaces to look at, and everything that is looked at in one. */
import { HairpinError, messageOf } from "../../base/errors.ts";
import type { Ip } from "../../model/address.ts";
import { isIpv6, parseIp } from "../../model/address.ts";
import { DEFAULT_PROBE_SOURCES } from "../../redirect/mod.ts";
import { closeFd, type Fd } from "../../sys/libc.ts";
import {
  netnsAddresses,
  netnsId,
  openNetns,
  ownNetnsId,
} from "../../sys/netns.ts";
import type { Dump } from "../../view/mod.ts";
import {
  about,
  failed,
  type Finding,
  type Judgement,
  warning,
} from "./finding.ts";
import { listeningSockets, missingRouting, readAllRules } from "./gather.ts";
import {
  type HostProbe,
  judgeDns,
  judgeHostProbe,
  judgeListeners,
  judgeRouting,
  judgeTunnel,
} from "./judge_pod.ts";
import {
  capturesDns,
  type FoundRules,
  judgeForeign,
  judgeLeftover,
  judgeRules,
} from "./judge_rules.ts";
import { NAMESPACES_MAX } from "./limits.ts";
import { probeDns, probeFromHost, probeTunnel } from "./probes.ts";
import type { SocketRow } from "./sockets_text.ts";

/** Where container runtimes and `ip netns` keep names of namespaces. */
const FOLDER = "/var/run/netns";

/** The process that serves this node, as far as it could be asked. */
export interface Proxy {
  readonly dump: Dump | undefined;
  readonly pid: number | undefined;
}

export type Wanted =
  | { readonly kind: "node" }
  | { readonly kind: "netns"; readonly path: string }
  | { readonly kind: "pod"; readonly name: string };

/** A namespace that is open, and whose it is. */
interface Opened {
  readonly path: string;
  readonly netns: Fd;
  readonly ips: readonly Ip[];
  /** `NAMESPACE/NAME` of the enrolled pod. */
  readonly pod: string | undefined;
}

/** Everything about the namespaces that are asked for. */
export async function checkNamespaces(
  wanted: Wanted,
  proxy: Proxy,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const paths = wanted.kind === "netns" ? [wanted.path] : namespacePaths();
  let seen = false;
  for (const path of paths.slice(0, NAMESPACES_MAX)) {
    const found = await withNamespace(path, proxy, async (opened) => {
      if (wanted.kind === "pod" && opened.pod !== wanted.name) return [];
      seen = true;
      return await checkOne(opened, { wanted, proxy });
    });
    if (typeof found !== "string") findings.push(...found);
    else if (wanted.kind === "netns") {
      findings.push(...about(path, [
        failed("namespace", found, "name the path of a network namespace"),
      ]));
    }
  }
  return [
    ...findings,
    ...wanted.kind === "pod" && !seen ? [notFound(wanted.name)] : [],
    ...paths.length > NAMESPACES_MAX ? [tooMany(paths.length)] : [],
  ];
}

const notFound = (name: string): Finding => ({
  subject: name,
  ...failed(
    "namespace",
    `no enrolled pod of that name has a namespace in ${FOLDER}`,
    "label the pod, or name its namespace by --netns",
  ),
});

const tooMany = (count: number): Finding => ({
  subject: "node",
  ...warning(
    "namespaces",
    `looked at ${NAMESPACES_MAX} of ${count}`,
    "check the others by --netns",
  ),
});

function namespacePaths(): string[] {
  try {
    return Array.from(Deno.readDirSync(FOLDER), ({ name }) => name)
      .sort().map((name) => `${FOLDER}/${name}`);
  } catch {
    return []; // a node without named namespaces
  }
}

/** What `look` finds, or why the namespace cannot be looked at. */
async function withNamespace(
  path: string,
  { dump }: Proxy,
  look: (opened: Opened) => Promise<Finding[]>,
): Promise<Finding[] | string> {
  let netns: Fd | undefined;
  try {
    netns = openNetns(path);
    if (netnsId(netns) === ownNetnsId()) return "it is the node's own";
    const ips = netnsAddresses(netns).flatMap((text) => parseIp(text) ?? []);
    return await look({ path, netns, ips, pod: dump && podOf(dump, ips) });
  } catch (reason) {
    if (reason instanceof HairpinError) return messageOf(reason);
    throw reason;
  } finally {
    if (netns !== undefined) closeFd(netns);
  }
}

/** The pod handed over to the proxy that has one of these addresses. */
function podOf(dump: Dump, ips: readonly Ip[]): string | undefined {
  const name = ({ namespace, name }: { namespace: string; name: string }) =>
    `${namespace}/${name}`;
  const enrolled = new Set(dump.workloadState.map(({ info }) => name(info)));
  const workload = dump.workloads.find((workload) =>
    enrolled.has(name(workload)) &&
    workload.workloadIps.some((ip) => ips.includes(ip as Ip))
  );
  return workload && name(workload);
}

async function checkOne(
  opened: Opened,
  { wanted, proxy }: { readonly wanted: Wanted; readonly proxy: Proxy },
): Promise<Finding[]> {
  const all = await readAllRules(opened.netns);
  const { pod, path } = opened;
  if (pod === undefined && (wanted.kind === "node" || proxy.dump)) {
    const left = judgeLeftover(all);
    return wanted.kind === "node" && left.level === "ok"
      ? []
      : about(path, [left]);
  }
  return about(pod ?? path, await judgementsOf(opened, all, proxy));
}

async function judgementsOf(
  opened: Opened,
  all: readonly FoundRules[],
  { dump, pid }: Proxy,
): Promise<Judgement[]> {
  const { netns, pod } = opened;
  const sockets = await listeningSockets(netns) ?? [];
  const dns = capturesDns(all);
  const account = dump?.workloadState.find(({ info }) =>
    `${info.namespace}/${info.name}` === pod
  )?.info;
  return [
    judgeRules(all),
    judgeForeign(all),
    judgeRouting(await missingRouting(all, netns)),
    judgeListeners(sockets, { proxyPid: pid, dns }),
    await tunnelOf(
      opened,
      account && `${account.namespace}/${account.serviceAccount}`,
    ),
    judgeDns(dns, dns && await probeDns(netns, nameToAsk(dump))),
    judgeHostProbe(await hostProbe(opened, sockets)),
  ];
}

/** A name that is known here is answered without asking anybody. */
const nameToAsk = (dump: Dump | undefined): string =>
  dump?.services.find(({ hostname }) => /^[a-z0-9.-]{1,253}$/.test(hostname))
    ?.hostname ?? "hairpin.invalid";

async function tunnelOf({ ips: [ip] }: Opened, account: string | undefined) {
  return judgeTunnel(
    ip === undefined
      ? { kind: "problem", text: "the namespace has no address" }
      : await probeTunnel({ ip, port: 15008 }),
    account,
  );
}

const PROXY_PORT = /^150(01|06|08|20|21|53|80)$/;

async function hostProbe(
  { netns, ips: [ip] }: Opened,
  sockets: readonly SocketRow[],
): Promise<HostProbe> {
  const port = ip &&
    sockets.find((row) =>
      !PROXY_PORT.test(`${row.localPort}`) &&
      [ip, "*", isIpv6(ip) ? "::" : "0.0.0.0"].includes(row.local)
    )?.localPort;
  if (ip === undefined || port === undefined) return { kind: "none" };
  const source = DEFAULT_PROBE_SOURCES[isIpv6(ip) ? "v6" : "v4"];
  return await probeFromHost(netns, { ip, port }, source);
}
