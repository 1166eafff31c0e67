import { HairpinError } from "../base/errors.ts";
import { runCommand } from "../sys/command.ts";
import { closeFd } from "../sys/libc.ts";
import { netnsId, openNetns, ownNetnsId } from "../sys/netns.ts";
import {
  familiesIn,
  type RedirectTarget,
  removeRedirect,
  verifyRedirect,
} from "./apply.ts";
import { chooseIptables, type Iptables } from "./binary.ts";
import { RedirectError } from "./errors.ts";
import { compareRules } from "./compare.ts";
import {
  applyRedirectToOpen,
  describeOpenConnections,
  type OpenConnectionsUse,
} from "./open_connections.ts";
import { DEFAULT_REDIRECT_OPTIONS, planRedirect } from "./plan.ts";
import { readRules } from "./programs.ts";
import { removalText, restoreText } from "./restore_text.ts";
import { routingCommands, verifyRouting } from "./routing.ts";

/** `hairpin redirect`, as the command line gave it. */
export interface RedirectRequest {
  readonly action: "apply" | "verify" | "remove";
  /** Path of the pod's namespace. */
  readonly netns: string;
  /** Only say what would be done. */
  readonly dryRun: boolean;
  readonly ipv6: boolean;
  /** Default true. */
  readonly dnsCapture?: boolean;
  /** What is done about connections that are open already. Default `keep`. */
  readonly openConnections?: OpenConnectionsUse;
}

/** What to print, and how the process ends. */
export interface RedirectReport {
  /** 1 when a difference was found or the action failed. */
  readonly exitCode: 0 | 1;
  readonly lines: readonly string[];
}

/** Does what `hairpin redirect` is asked for; failures are reported, not thrown. */
export async function runRedirect(
  request: RedirectRequest,
): Promise<RedirectReport> {
  try {
    const netns = openNetns(request.netns);
    try {
      if (netnsId(netns) === ownNetnsId()) throw ownNamespace(request.netns);
      const { ipv6, dnsCapture = true } = request;
      const options = { ...DEFAULT_REDIRECT_OPTIONS, ipv6, dnsCapture };
      const iptables = await chooseIptables(runCommand, options);
      return await act(request, { netns, iptables, options });
    } finally {
      closeFd(netns);
    }
  } catch (reason) {
    if (!(reason instanceof HairpinError)) throw reason;
    return { exitCode: 1, lines: [reason.message] };
  }
}

/** It would cut the node off, not a pod. */
const ownNamespace = (path: string) =>
  new RedirectError(
    `Cannot redirect "${path}": hairpin itself runs in that namespace`,
  );

async function act(
  { action, netns: path, dryRun, openConnections = "keep" }: RedirectRequest,
  target: RedirectTarget,
): Promise<RedirectReport> {
  switch (action) {
    case "apply":
      if (dryRun) return done(await applyLines(target));
      return done(await apply(path, target, openConnections));
    case "verify": {
      const differences = await verifyRedirect(target);
      if (differences.length > 0) return { exitCode: 1, lines: differences };
      return done([`redirection in ${path} is as planned`]);
    }
    case "remove":
      if (dryRun) return done(await removeLines(target));
      return done([
        await removeRedirect(target)
          ? `redirection removed from ${path}`
          : `no redirection in ${path}`,
      ]);
    default:
      throw new Error(`unhandled: ${action satisfies never}`);
  }
}

async function apply(
  path: string,
  target: RedirectTarget,
  use: OpenConnectionsUse,
): Promise<string[]> {
  const { outcome, open } = await applyRedirectToOpen(target, use);
  const summary = describeOpenConnections(open);
  return [
    `redirection ${outcome} in ${path}`,
    ...summary === undefined ? [] : [summary],
    ...open.connections.map(({ local, peer, fate }) =>
      `  ${local} with ${peer}: ${fate}`
    ),
  ];
}

const done = (lines: readonly string[]): RedirectReport => ({
  exitCode: 0,
  lines,
});

/** The commands of an apply, each followed by what it would read. */
async function applyLines(
  { netns, iptables, options }: RedirectTarget,
): Promise<string[]> {
  const lines: string[] = [];
  const families = familiesIn(netns);
  for (const plan of planRedirect(options)) {
    if (!families.includes(plan.family)) continue;
    const found = await readRules(iptables, plan.family, netns);
    if ((await verifyRouting(plan.family, netns)).length > 0) {
      lines.push(...routingCommands(plan.family));
    }
    if (compareRules(plan, found).length > 0) {
      const text = restoreText(plan, found);
      lines.push(...restoreLines(iptables, plan.family, text));
    }
  }
  return lines.length > 0 ? lines : ["nothing to do"];
}

async function removeLines(
  { netns, iptables }: RedirectTarget,
): Promise<string[]> {
  const lines: string[] = [];
  for (const family of familiesIn(netns)) {
    const found = await readRules(iptables, family, netns);
    lines.push(...restoreLines(iptables, family, removalText(found)));
  }
  return lines.length > 0 ? lines : ["nothing to remove"];
}

function restoreLines(
  iptables: Iptables,
  family: 4 | 6,
  text: string,
): string[] {
  if (text === "") return [];
  return [
    `${iptables[family].restore} --noflush <<END`,
    ...text.trimEnd().split("\n"),
    "END",
  ];
}
