import { HairpinError } from "../base/errors.ts";
import { runCommand } from "../sys/command.ts";
import { closeFd } from "../sys/libc.ts";
import { netnsId, openNetns, ownNetnsId } from "../sys/netns.ts";
import type { Fd } from "../sys/libc.ts";
import {
  type RedirectTarget,
  removeRedirect,
  verifyRedirect,
} from "./apply.ts";
import {
  type Backend,
  type BackendChoice,
  chooseBackend,
  nameOfBackend,
} from "./backend.ts";
import { applyLines, removeLines } from "./dry_run.ts";
import { RedirectError } from "./errors.ts";
import { backendsHolding } from "./holders.ts";
import {
  applyRedirectToOpen,
  describeOpenConnections,
  type OpenConnectionsUse,
} from "./open_connections.ts";
import { DEFAULT_REDIRECT_OPTIONS } from "./plan.ts";

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
  /**
   * What rules are written with. Default `auto`: what holds the pod's rules
   * already, else what the node uses. Whatever holds rules is removed.
   */
  readonly backend?: BackendChoice;
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
      return await act(request, netns);
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
  request: RedirectRequest,
  netns: Fd,
): Promise<RedirectReport> {
  const { action, netns: path, dryRun } = request;
  switch (action) {
    case "apply": {
      const target = await targetOf(request, netns);
      return done(
        dryRun ? await applyLines(target) : await apply(request, target),
      );
    }
    case "verify": {
      const target = await targetOf(request, netns);
      const differences = await verifyRedirect(target);
      if (differences.length > 0) return { exitCode: 1, lines: differences };
      const by = nameOfBackend(target.backend);
      return done([`redirection in ${path} is as planned, by ${by}`]);
    }
    case "remove":
      if (dryRun) return done(await removeLines(netns));
      return done([
        await removeRedirect({ netns })
          ? `redirection removed from ${path}`
          : `no redirection in ${path}`,
      ]);
    default:
      throw new Error(`unhandled: ${action satisfies never}`);
  }
}

async function targetOf(
  { ipv6, dnsCapture = true, backend = "auto" }: RedirectRequest,
  netns: Fd,
): Promise<RedirectTarget> {
  const options = { ...DEFAULT_REDIRECT_OPTIONS, ipv6, dnsCapture };
  const chosen = backend === "auto"
    ? await ownBackend(netns, ipv6)
    : await chooseBackend(runCommand, { ipv6, choice: backend });
  return { netns, options, backend: chosen };
}

/** A pod is not bound to the backend that its node uses now. */
async function ownBackend(netns: Fd, ipv6: boolean): Promise<Backend> {
  const [held, ...others] = await backendsHolding(netns);
  return held !== undefined && others.length === 0
    ? held
    : await chooseBackend(runCommand, { ipv6 });
}

async function apply(
  { netns: path, openConnections = "keep" }: RedirectRequest,
  target: RedirectTarget,
): Promise<string[]> {
  const { outcome, open } = await applyRedirectToOpen(target, openConnections);
  const summary = describeOpenConnections(open);
  return [
    `redirection ${outcome} in ${path}, by ${nameOfBackend(target.backend)}`,
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
