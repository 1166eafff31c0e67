/** The subcommands: what stands behind `hairpin` when it is not to run. */
import { ConfigError } from "../base/errors.ts";
import { checkFlagsBelong, type CommandLine } from "./command_line.ts";
import {
  type CheckCommand,
  CONFIG_SECTIONS,
  type ConfigCommand,
  type ExplainCommand,
  type NodeRedirectCommand,
  REDIRECT_ACTIONS,
  type RedirectCommand,
} from "./config.ts";
import { clusterApi, readKube } from "./control_plane.ts";
import { readDnsCapture } from "./data_plane.ts";
import { readOpenConnections, readRedirectBackend } from "./node_side.ts";
import { readAdmin } from "./run_config.ts";
import type { Settings } from "./settings.ts";
import {
  BOOLEAN,
  DESTINATION,
  LISTEN,
  NAMESPACED_NAME,
  oneOf,
  POD_OR_IP,
  TEXT,
  type ValueKind,
} from "./values.ts";

/** `hairpin check [--netns PATH | --pod NAMESPACE/NAME] [--admin HOST:PORT] [--agent IP:PORT] [--log PATH] [--kube KUBECONFIG] [--cni-net-dir PATH] [--json]`. */
export function readCheck(line: CommandLine, settings: Settings): CheckCommand {
  checkFlagsBelong(line.flags, "check");
  takeWords(line, 0);
  return {
    kind: "check",
    target: readCheckTarget(settings),
    json: settings.isOn("json"),
    admin: readAdmin(settings),
    agent: settings.readNamed("agent", LISTEN, undefined),
    logs: settings.flags("log"),
    kube: readKube("node", settings),
    inCluster: clusterApi(settings),
    networks: {
      netDir: settings.readNamed("cni-net-dir", TEXT, undefined),
      binDir: settings.readNamed("cni-bin-dir", TEXT, undefined),
    },
  };
}

function readCheckTarget(settings: Settings): CheckCommand["target"] {
  const netns = settings.flag("netns");
  const pod = settings.readNamed("pod", NAMESPACED_NAME, undefined);
  if (netns !== undefined && pod !== undefined) {
    throw new ConfigError("flags --netns and --pod exclude each other");
  }
  if (netns !== undefined) return { kind: "netns", path: netns.text };
  return pod === undefined ? { kind: "node" } : { kind: "pod", pod };
}

/** `hairpin explain --from SOURCE --to DESTINATION [--method M --path P] [--json]`. */
export function readExplain(
  line: CommandLine,
  settings: Settings,
): ExplainCommand {
  checkFlagsBelong(line.flags, "explain");
  takeWords(line, 0);
  return {
    kind: "explain",
    from: required("from", POD_OR_IP, settings),
    to: required("to", DESTINATION, settings),
    request: readRequest(settings),
    json: settings.isOn("json"),
    admin: readAdmin(settings),
  };
}

function readRequest(settings: Settings): ExplainCommand["request"] {
  const method = settings.flag("method")?.text;
  const path = settings.flag("path")?.text;
  if (method === undefined && path === undefined) return undefined;
  if (method === undefined || path === undefined) {
    throw new ConfigError("flags --method and --path go together");
  }
  return { method, path };
}

/** `hairpin config SECTION [-o table|json] [--file DUMP]`. */
export function readConfigCommand(
  line: CommandLine,
  settings: Settings,
): ConfigCommand {
  checkFlagsBelong(line.flags, "config");
  return {
    kind: "config",
    section: wordOf(line, "config", CONFIG_SECTIONS),
    output: settings.readNamed("output", oneOf("table", "json"), "table"),
    file: settings.flag("file")?.text,
    admin: readAdmin(settings),
  };
}

/** `hairpin redirect ACTION --netns PATH [--dry-run]`, or `--node`. */
export function readRedirect(
  line: CommandLine,
  settings: Settings,
): RedirectCommand | NodeRedirectCommand {
  checkFlagsBelong(line.flags, "redirect");
  if (settings.isOn("node")) return readNodeRedirect(line, settings);
  return {
    kind: "redirect",
    action: wordOf(line, "redirect", REDIRECT_ACTIONS),
    netns: required("netns", TEXT, settings),
    dryRun: settings.isOn("dry-run"),
    ipv6: settings.read("IPV6_ENABLED", BOOLEAN, true),
    dnsCapture: readDnsCapture(settings.variable("ISTIO_META_DNS_CAPTURE")),
    backend: readRedirectBackend(settings),
    openConnections: readOpenConnections(settings),
  };
}

function readNodeRedirect(
  line: CommandLine,
  settings: Settings,
): NodeRedirectCommand {
  for (const name of ["netns", "dry-run"] as const) {
    if (settings.flag(name) === undefined) continue;
    throw new ConfigError(`flags --node and --${name} exclude each other`);
  }
  const action = wordOf(line, "redirect --node", ["verify", "remove"]);
  const ipv6 = settings.read("IPV6_ENABLED", BOOLEAN, true);
  return { kind: "redirect-node", action, ipv6 };
}

function wordOf<T extends string>(
  line: CommandLine,
  command: string,
  words: readonly T[],
): T {
  const kind = oneOf(...words);
  const [text] = takeWords(line, 1);
  const word = kind.read(text ?? "");
  if (word !== undefined) return word;
  const found = text === undefined
    ? "found nothing"
    : `found ${JSON.stringify(text)}`;
  throw new ConfigError(`hairpin ${command} wants ${kind.want}: ${found}`);
}

/**
 * The words behind the command.
 *
 * @throws {ConfigError} when there are more than `max`.
 */
export function takeWords(line: CommandLine, max: number): readonly string[] {
  const words = line.words.slice(1);
  const extra = words[max];
  if (extra === undefined) return words;
  throw new ConfigError(`unexpected argument ${JSON.stringify(extra)}`);
}

function required<T>(
  name: "from" | "to" | "netns",
  kind: ValueKind<T>,
  settings: Settings,
): T {
  const value = settings.readNamed(name, kind, undefined);
  if (value !== undefined) return value;
  throw new ConfigError(`flag --${name} is missing: want ${kind.want}`);
}
