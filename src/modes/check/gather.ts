/** Facts about one namespace, read and never changed. */
import { parseRuleset, verifyRouting } from "../../redirect/mod.ts";
import { CommandError, runCommand } from "../../sys/command.ts";
import type { Fd } from "../../sys/libc.ts";
import { READ_MS } from "./limits.ts";
import { backendsIn, type FoundRules } from "./judge_rules.ts";
import { parseSockets, type SocketRow } from "./sockets_text.ts";

/** Rules of both families in both backends; a program that is missing has none. */
export async function readAllRules(netns: Fd): Promise<FoundRules[]> {
  const all: FoundRules[] = [];
  for (const backend of ["nft", "legacy"] as const) {
    for (const family of [4, 6] as const) {
      const program = `${
        family === 4 ? "iptables" : "ip6tables"
      }-${backend}-save`;
      const text = await outputOf(program, [], netns);
      if (text !== undefined) {
        all.push({ backend, family, rules: parseRuleset(text) });
      }
    }
  }
  return all;
}

/** What is missing of the routing, in the families that are redirected. */
export async function missingRouting(
  all: readonly FoundRules[],
  netns: Fd,
): Promise<string[]> {
  const missing: string[] = [];
  for (const family of [4, 6] as const) {
    const redirected = backendsIn(all.filter((f) => f.family === family));
    if (redirected.length > 0) {
      missing.push(...await verifyRouting(family, netns));
    }
  }
  return missing;
}

/** TCP sockets that listen; undefined when `ss` is not there. */
export const listeningSockets = (
  netns?: Fd,
): Promise<SocketRow[] | undefined> => sockets(["-Hntlp"], netns);

/** TCP connections that are open. */
export const openConnections = (netns: Fd): Promise<SocketRow[] | undefined> =>
  sockets(["-Hnt"], netns);

async function sockets(args: readonly string[], netns?: Fd) {
  const text = await outputOf("ss", args, netns);
  return text === undefined ? undefined : parseSockets(text);
}

async function outputOf(
  program: string,
  args: readonly string[],
  netns?: Fd,
): Promise<string | undefined> {
  try {
    const place = netns === undefined ? {} : { netns };
    const options = { ...place, timeoutMs: READ_MS };
    const { exitCode, stdout } = await runCommand(program, args, options);
    return exitCode === 0 ? stdout : undefined;
  } catch (reason) {
    if (reason instanceof CommandError) return undefined;
    throw reason;
  }
}
