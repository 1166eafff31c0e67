/** Facts about one namespace, read and never changed; undefined is the node's own. */
import { type Family, parseRuleset } from "../../redirect/mod.ts";
import { CommandError, runCommand } from "../../sys/command.ts";
import { readKernelFile } from "../../sys/kernel_file.ts";
import type { Fd } from "../../sys/libc.ts";
import { inNetns } from "../../sys/netns.ts";
import { READ_MS } from "./limits.ts";
import type { FoundRules } from "./judge_rules.ts";
import { parseSockets, type SocketRow } from "./sockets_text.ts";

const BACKENDS = ["nft", "legacy"] as const;

/** Rules of both families in both backends of iptables; a program that is missing has none. */
export async function readAllRules(netns?: Fd): Promise<FoundRules[]> {
  const all: FoundRules[] = [];
  for (const backend of BACKENDS) {
    for (const family of [4, 6] as const) {
      const text = await savedRules(backend, family, netns);
      if (text !== undefined) {
        all.push({ backend, family, rules: parseRuleset(text) });
      }
    }
  }
  return all;
}

/** Where a distribution has one iptables only, it is without its kind in the name. */
async function savedRules(
  backend: "nft" | "legacy",
  family: Family,
  netns?: Fd,
): Promise<string | undefined> {
  const base = family === 4 ? "iptables" : "ip6tables";
  const text = await outputOf(`${base}-${backend}-save`, [], netns);
  if (text !== undefined) return text;
  const version = await outputOf(`${base}-save`, ["--version"], netns);
  if (version === undefined) return undefined;
  const isNft = version.includes("nf_tables");
  return isNft === (backend === "nft")
    ? await outputOf(`${base}-save`, [], netns)
    : undefined;
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

/** @param name Below `/proc/sys/net/`. */
export function netSysctl(name: string, netns?: Fd): string | undefined {
  const read = () => readKernelFile(`/proc/sys/net/${name}`)?.trim();
  return netns === undefined ? read() : inNetns(netns, read);
}

/** What a program says; undefined when it is missing, or fails. */
export async function outputOf(
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

/** Whether a program can be run at all, whatever it says. */
export async function isInstalled(program: string): Promise<boolean> {
  try {
    await runCommand(program, ["-V"], { timeoutMs: READ_MS });
    return true;
  } catch (reason) {
    if (reason instanceof CommandError) return false;
    throw reason;
  }
}
