/**
 * The routing that brings answers to the proxy's marked connections back to it,
 * although their destination is a remote client.
 */
import { readKernelFile } from "../sys/kernel_file.ts";
import type { Fd } from "../sys/libc.ts";
import { inNetns } from "../sys/netns.ts";
import { RedirectError } from "./errors.ts";
import type { Family } from "./plan.ts";
import { runIp } from "./programs.ts";

const PRIORITY = 32764;
const TABLE = "100";
const RULE = ["fwmark", "0x111/0xfff", "pref", String(PRIORITY)];
const LOOKUP = [...RULE, "lookup", TABLE];

const routeOf = (family: Family): string[] => [
  "local",
  family === 4 ? "0.0.0.0/0" : "::/0",
  ...["dev", "lo", "table", TABLE],
];

/** The commands of {@link applyRouting} in words. */
export const routingCommands = (family: Family): string[] => [
  `ip -${family} route replace ${routeOf(family).join(" ")}`,
  `ip -${family} rule add ${LOOKUP.join(" ")}`,
];

/** The commands of {@link removeRouting} in words. */
export const routingRemovalCommands = (
  family: Family,
  { rule, route }: Routing,
): string[] => [
  ...(rule ? [`ip -${family} rule del ${LOOKUP.join(" ")}`] : []),
  ...(route ? [`ip -${family} route del ${routeOf(family).join(" ")}`] : []),
];

/** Writes route and rule; both may be there already. */
export async function applyRouting(family: Family, netns: Fd): Promise<void> {
  if (wantsRoute(family, netns)) {
    await runIp(family, netns, ["route", "replace", ...routeOf(family)]);
  }
  if (await hasRule(family, netns)) return;
  await runIp(family, netns, ["rule", "add", ...LOOKUP], "File exists");
}

/** What is missing, one line each. */
export async function verifyRouting(
  family: Family,
  netns: Fd,
): Promise<string[]> {
  const missing: string[] = [];
  if (wantsRoute(family, netns) && !await hasRoute(family, netns)) {
    missing.push(
      `IPv${family}: route "${routeOf(family).join(" ")}" is missing`,
    );
  }
  if (!await hasRule(family, netns)) {
    missing.push(`IPv${family}: rule "${LOOKUP.join(" ")}" is missing`);
  }
  return missing;
}

/** Which of a family's two routing objects are there. */
export interface Routing {
  readonly rule: boolean;
  readonly route: boolean;
}

const NO_ROUTING: Routing = { rule: false, route: false };

export const readRouting = async (
  family: Family,
  netns: Fd,
): Promise<Routing> => ({
  rule: await hasRule(family, netns),
  route: await hasRoute(family, netns),
});

/**
 * Removes rule and route where they are.
 *
 * @param kept What stays; default nothing.
 * @returns whether there was one.
 */
export async function removeRouting(
  family: Family,
  netns: Fd,
  kept: Routing = NO_ROUTING,
): Promise<boolean> {
  const found = await readRouting(family, netns);
  const rule = found.rule && !kept.rule;
  const route = found.route && !kept.route;
  if (rule) {
    const args = ["rule", "del", ...LOOKUP];
    await runIp(family, netns, args, "No such file or directory");
  }
  if (route) {
    const args = ["route", "del", ...routeOf(family)];
    await runIp(family, netns, args, "No such process");
  }
  return rule || route;
}

/** Whether the kernel has the family at all in this namespace. */
export const hasFamily = (family: Family, netns: Fd): boolean =>
  family === 4 || sysctl(netns, "ipv6/conf/lo/disable_ipv6") !== undefined;

/** The families that the kernel has in a namespace. */
export const familiesIn = (netns: Fd): Family[] =>
  ([4, 6] as const).filter((family) => hasFamily(family, netns));

/** A loopback without IPv6 takes no IPv6 route. */
const wantsRoute = (family: Family, netns: Fd): boolean =>
  family === 4 || sysctl(netns, "ipv6/conf/lo/disable_ipv6") !== "1";

/** /proc/sys/net shows the namespace of the thread that reads it. */
const sysctl = (netns: Fd, name: string): string | undefined =>
  inNetns(netns, () => readKernelFile(`/proc/sys/net/${name}`)?.trim());

async function hasRule(family: Family, netns: Fd): Promise<boolean> {
  const text = await runIp(family, netns, ["-json", "rule", "show"]);
  return rowsOf(text).some((row) =>
    row.priority === PRIORITY && row.src === "all" && row.table === TABLE &&
    row.fwmark === "0x111" && row.fwmask === "0xfff" && row.not === undefined
  );
}

async function hasRoute(family: Family, netns: Fd): Promise<boolean> {
  const show = ["-json", "route", "show", "table", TABLE, "type", "local"];
  // The text for a table that nothing was ever put into.
  const text = await runIp(family, netns, show, "FIB table does not exist");
  return rowsOf(text).some((row) => row.dst === "default" && row.dev === "lo");
}

/**
 * The rows of an answer of `ip -json`.
 *
 * @throws {RedirectError} when it is no JSON.
 */
export function rowsOf(json: string): Record<string, unknown>[] {
  if (json.trim() === "") return [];
  try {
    const rows: unknown = JSON.parse(json);
    if (Array.isArray(rows)) return rows;
  } catch (cause) {
    throw new RedirectError(
      `Cannot read the output of "ip -json": not JSON (hint: iproute2 4.17 or later is needed)`,
      { cause },
    );
  }
  return [];
}
