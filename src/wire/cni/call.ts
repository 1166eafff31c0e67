/** What a container runtime asks of the plugin, read from environment and stdin. */
import { type JsonObject, readJson } from "./json.ts";
import { type PluginConf, readConf } from "./conf.ts";
import { CNI_CODES, CniError } from "./errors.ts";
import { CNI_TEXT_MAX } from "./limits.ts";
import {
  type CniCommand,
  COMMANDS,
  commandsOf,
  SUPPORTED_VERSIONS,
} from "./versions.ts";

/** The sandbox that ADD, DEL and CHECK are about. */
export interface Sandbox {
  readonly containerId: string;
  /** Path of its network namespace; DEL may come without one. */
  readonly netns: string | undefined;
  readonly interfaceName: string;
  /** undefined when it is no pod's, or its runtime does not say so. */
  readonly pod: PodName | undefined;
}

export interface PodName {
  readonly name: string;
  readonly namespace: string;
  /** undefined when the runtime does not tell it. */
  readonly uid: string | undefined;
}

export type CniCall =
  | { readonly command: "VERSION"; readonly version: string }
  | {
    readonly command: "GC" | "STATUS";
    readonly version: string;
    readonly conf: PluginConf;
  }
  | {
    readonly command: "ADD" | "DEL" | "CHECK";
    readonly version: string;
    readonly conf: PluginConf;
    readonly sandbox: Sandbox;
  };

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * @param input stdin, whole.
 * @throws {CniError} with the code that the specification has for it.
 */
export function readCall(environment: Environment, input: string): CniCall {
  const command = readCommand(environment);
  const json = readJson(input, "network configuration");
  const version = readVersion(json);
  if (command === "VERSION") return { command, version };
  checkVersion(command, version);
  const conf = readConf(json);
  if (command === "GC" || command === "STATUS") {
    return { command, version, conf };
  }
  const sandbox = readSandbox(command, environment);
  if (command === "CHECK" && conf.prevResult === undefined) {
    throw new CniError(
      CNI_CODES.invalidConfig,
      'Cannot use the network configuration: CHECK wants "prevResult"',
    );
  }
  return { command, version, conf, sandbox };
}

/** The version that an answer to a call is to have, even to one that cannot be read. */
export function versionOfInput(input: string): string {
  try {
    const { cniVersion } = readJson(input, "network configuration");
    const known = SUPPORTED_VERSIONS.find((version) => version === cniVersion);
    if (known !== undefined) return known;
  } catch {
    // Answered as one who says nothing.
  }
  return SUPPORTED_VERSIONS.at(-1)!;
}

function readCommand({ CNI_COMMAND: text = "" }: Environment): CniCommand {
  const command = COMMANDS.find((name) => name === text);
  if (command !== undefined) return command;
  throw badVariable("CNI_COMMAND", text);
}

/** Absent, it is the first version there was, which had none. */
function readVersion({ cniVersion = "0.1.0" }: JsonObject): string {
  if (typeof cniVersion === "string" && /^\d+\.\d+\.\d+$/.test(cniVersion)) {
    return cniVersion;
  }
  throw new CniError(
    CNI_CODES.cannotDecode,
    'Cannot use the network configuration: "cniVersion" is not a version',
  );
}

function checkVersion(command: CniCommand, version: string): void {
  if (!SUPPORTED_VERSIONS.includes(version)) {
    throw new CniError(
      CNI_CODES.incompatibleVersion,
      `Cannot serve "${version}": the plugin knows CNI ${
        SUPPORTED_VERSIONS.join(", ")
      }`,
    );
  }
  if (commandsOf(version).has(command)) return;
  throw new CniError(
    CNI_CODES.incompatibleVersion,
    `Cannot serve "${command}": CNI ${version} does not have it`,
  );
}

function readSandbox(
  command: "ADD" | "DEL" | "CHECK",
  environment: Environment,
): Sandbox {
  const netns = environment.CNI_NETNS ?? "";
  if (netns !== "" || command !== "DEL") {
    checkVariable(environment, "CNI_NETNS", /^\/[^\0\n]*$/);
  }
  return {
    containerId: checkVariable(
      environment,
      "CNI_CONTAINERID",
      /^[A-Za-z0-9][\w.-]*$/,
    ),
    interfaceName: checkVariable(
      environment,
      "CNI_IFNAME",
      /^(?!\.{1,2}$)[^\s/:]{1,15}$/,
    ),
    netns: netns === "" ? undefined : netns,
    pod: readPod(environment.CNI_ARGS ?? ""),
  };
}

function checkVariable(
  environment: Environment,
  name: string,
  pattern: RegExp,
): string {
  const text = environment[name] ?? "";
  if (text.length <= CNI_TEXT_MAX && pattern.test(text)) return text;
  throw badVariable(name, text);
}

const badVariable = (name: string, text: string): CniError =>
  new CniError(
    CNI_CODES.invalidEnvironment,
    text === ""
      ? `Cannot use "${name}": not set`
      : `Cannot use "${name}": found ${JSON.stringify(text.slice(0, 200))}`,
  );

/** `KEY=VALUE;KEY=VALUE`, of which only the pod's name is of use here. */
function readPod(args: string): PodName | undefined {
  const values = new Map<string, string>();
  for (const pair of args.split(";")) {
    if (pair === "") continue;
    const split = pair.indexOf("=");
    if (split < 1) throw badVariable("CNI_ARGS", args);
    values.set(pair.slice(0, split), pair.slice(split + 1));
  }
  const read = (key: string) => {
    const text = values.get(key) ?? "";
    if (text === "") return undefined;
    if (/^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/.test(text)) return text;
    throw badVariable("CNI_ARGS", args);
  };
  const name = read("K8S_POD_NAME");
  const namespace = read("K8S_POD_NAMESPACE");
  if (name === undefined || namespace === undefined) return undefined;
  return { name, namespace, uid: read("K8S_POD_UID") };
}
