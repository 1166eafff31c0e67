/** Which namespaces to look at. */
import { HairpinError, messageOf } from "../../base/errors.ts";
import { type Ip, parseIp } from "../../model/address.ts";
import { heldNetns } from "../../sys/held_netns.ts";
import { closeFd, type Fd } from "../../sys/libc.ts";
import {
  netnsAddresses,
  netnsId,
  openNetns,
  ownNetnsId,
} from "../../sys/netns.ts";
import type { Dump } from "../../view/mod.ts";
import { hasOneOf, podOf } from "./callers.ts";
import { about, failed, type Finding, warning } from "./finding.ts";
import { nameOf } from "./judge_mesh.ts";
import { NAMESPACES_MAX } from "./limits.ts";
import {
  checkCaptured,
  checkPod,
  checkStranger,
  type Opened,
  type Proxy,
} from "./pod.ts";

/** Where container runtimes and `ip netns` keep names of namespaces. */
const FOLDER = "/var/run/netns";

export type Wanted =
  | { readonly kind: "node" }
  | { readonly kind: "netns"; readonly path: string }
  | { readonly kind: "pod"; readonly name: string };

/** Everything about the namespaces that are asked for. */
export async function checkNamespaces(
  wanted: Wanted,
  proxy: Proxy,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  // Those of its pods, whatever their names.
  const held = proxy.pid === undefined ? undefined : heldNetns(proxy.pid);
  const paths = wanted.kind === "netns"
    ? [wanted.path]
    : [...namespacePaths(), ...held?.values() ?? []];
  const seen = new Set<string>();
  let isFound = false;
  for (const path of paths.slice(0, NAMESPACES_MAX)) {
    const known = { dump: proxy.dump, held };
    const found = await withNamespace(path, known, async (opened) => {
      const id = netnsId(opened.netns);
      if (seen.has(id)) return [];
      seen.add(id);
      if (wanted.kind === "pod" && opened.pod !== wanted.name) return [];
      isFound = true;
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
    ...wanted.kind === "pod" && !isFound ? [notFound(wanted.name)] : [],
    ...paths.length > NAMESPACES_MAX ? [tooMany(paths.length)] : [],
  ];
}

const notFound = (name: string): Finding => ({
  subject: name,
  ...failed(
    "namespace",
    `no enrolled pod of that name has a namespace here`,
    "label the pod, ask on its node, or name its namespace by --netns",
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
  { dump, held }: {
    readonly dump: Dump | undefined;
    readonly held: ReadonlyMap<string, string> | undefined;
  },
  look: (opened: Opened) => Promise<Finding[]>,
): Promise<Finding[] | string> {
  let netns: Fd | undefined;
  try {
    netns = openNetns(path);
    if (netnsId(netns) === ownNetnsId()) return "it is the node's own";
    const ips = netnsAddresses(netns).flatMap((text) => parseIp(text) ?? []);
    // Where the node captures, nobody enters a pod's.
    const isHeld = dump?.hairpin?.redirect === "node" ||
      (held?.has(netnsId(netns)) ?? true);
    const bypassed = dump && bypassedPodOf(dump, ips);
    const served = dump && isHeld ? podOf(dump, ips) : undefined;
    const pod = served ?? (bypassed && nameOf(bypassed));
    return await look({ path, netns, ips, pod, bypassed });
  } catch (reason) {
    if (reason instanceof HairpinError) return messageOf(reason);
    throw reason;
  } finally {
    if (netns !== undefined) closeFd(netns);
  }
}

function bypassedPodOf(dump: Dump, ips: readonly Ip[]): Opened["bypassed"] {
  const at = new Set(
    dump.workloads.filter((one) => hasOneOf(one, ips)).map(nameOf),
  );
  return dump.hairpin?.bypassedPods.find((pod) => at.has(nameOf(pod)));
}

async function checkOne(
  opened: Opened,
  { wanted, proxy }: { readonly wanted: Wanted; readonly proxy: Proxy },
): Promise<Finding[]> {
  const { pod, path, bypassed } = opened;
  const isStranger = pod === undefined &&
    (wanted.kind === "node" || proxy.dump !== undefined);
  if (pod !== undefined && proxy.dump?.hairpin?.redirect === "node") {
    return about(pod, await checkCaptured(opened, proxy.dump));
  }
  if (!isStranger && bypassed === undefined) {
    return about(pod ?? path, await checkPod(opened, proxy));
  }
  const found = await checkStranger(opened);
  const isQuiet = wanted.kind === "node" && bypassed === undefined &&
    found.every(({ level }) => level === "ok");
  return isQuiet ? [] : about(pod ?? path, found);
}
