/** The plugin's own entry in the list of a network. */
import { CNI_CODES, CniError } from "./errors.ts";
import { isObject, type JsonObject } from "./json.ts";
import { CNI_TEXT_MAX, EXCLUDED_NAMESPACES_MAX } from "./limits.ts";

/** Whom the plugin asks: hairpin's node process, or the agent that Istio's plugin asks. */
export type AgentKind = "hairpin" | "istio";

export interface PluginConf {
  readonly agent: AgentKind;
  /** The agent's unix socket. */
  readonly agentSocket: string;
  /** With Istio's agent: what the API is asked with for a pod's labels. */
  readonly kubeconfig: string;
  /** Namespaces whose pods pass without a question. */
  readonly excludedNamespaces: readonly string[];
  /** What the plugins before it made; handed on as it came. */
  readonly prevResult: JsonObject | undefined;
}

/** Where the node process answers the plugin. */
export const DEFAULT_AGENT_SOCKET = "/var/run/hairpin/cni.sock";
/** Istio's default of `cni_agent_run_dir`. */
const ISTIO_RUN_DIR = "/var/run/istio-cni";
/** As Istio's chart has it. */
const DEFAULT_EXCLUDED = ["kube-system"];

/** @throws {CniError} naming the key that cannot be used. */
export function readConf(json: JsonObject): PluginConf {
  const agent = readText(json, "agent", "hairpin");
  if (agent !== "hairpin" && agent !== "istio") {
    throw unusable("agent", "wants hairpin or istio");
  }
  const runDir = readPath(json, "cni_agent_run_dir", ISTIO_RUN_DIR);
  const byDefault = agent === "istio"
    ? `${runDir}/pluginevent.sock`
    : DEFAULT_AGENT_SOCKET;
  const { prevResult } = json;
  if (prevResult !== undefined && !isObject(prevResult)) {
    throw unusable("prevResult", "is not an object");
  }
  return {
    agent,
    agentSocket: readPath(json, "agent_socket", byDefault),
    kubeconfig: readPath(json, "kubeconfig", `${runDir}/istio-cni-kubeconfig`),
    excludedNamespaces: readExcluded(json.exclude_namespaces),
    prevResult,
  };
}

function readPath(json: JsonObject, key: string, byDefault: string): string {
  const text = readText(json, key, byDefault);
  if (/^\/[^\0]+$/.test(text) && text.length <= CNI_TEXT_MAX) return text;
  throw unusable(key, "is not an absolute path");
}

function readText(json: JsonObject, key: string, byDefault: string): string {
  const value = json[key] ?? byDefault;
  if (typeof value === "string") return value;
  throw unusable(key, "is not a text");
}

/** null, as Istio writes an empty list, excludes none. */
function readExcluded(value: unknown): readonly string[] {
  if (value === undefined) return DEFAULT_EXCLUDED;
  if (value === null) return [];
  const isList = Array.isArray(value) &&
    value.length <= EXCLUDED_NAMESPACES_MAX &&
    value.every((name) => typeof name === "string");
  if (!isList) throw unusable("exclude_namespaces", "is not a list of names");
  return value;
}

const unusable = (key: string, why: string): CniError =>
  new CniError(
    CNI_CODES.invalidConfig,
    `Cannot use the network configuration: "${key}" ${why}`,
  );
