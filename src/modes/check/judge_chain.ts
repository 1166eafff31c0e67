/** Judgements on the container runtime's networks; pure. */
import { isObject, type JsonObject } from "../../wire/cni/mod.ts";
import { failed, type Judgement, ok, warning } from "./finding.ts";
import { asRecord } from "./records.ts";

/** The plugins that hand new pods over: hairpin's, and Istio's. */
export const MESH_PLUGINS = ["hairpin-cni", "istio-cni"] as const;

/** What the folder of networks holds. */
export interface NetworkFile {
  readonly name: string;
  /** undefined when it cannot be read. */
  readonly text: string | undefined;
}

export interface FoundChain {
  readonly netDir: string;
  /** By name; undefined when there is no such folder. */
  readonly files: readonly NetworkFile[] | undefined;
  /** Names of executable files of the plugins' folder; undefined when it is not known. */
  readonly programs: readonly string[] | undefined;
  /** Whether this process is to keep the plugin there. */
  readonly wanted: boolean;
}

const RESTART =
  "restart whoever installs it (hairpin with --cni-net-dir, or istio-cni)";

/** Whether pods that start are captured from their first packet on. */
export function judgeChain(chain: FoundChain): Judgement {
  const check = "CNI chain";
  const { netDir, files, wanted } = chain;
  const [first] = files ?? [];
  if (first === undefined) {
    return wanted
      ? failed(check, `no network in ${netDir}`, "install a network plugin")
      : ok(check, `no networks in ${netDir}`);
  }
  const types = typesOf(first.text);
  if (types === undefined) {
    return failed(
      check,
      `${netDir}/${first.name} cannot be read as a network`,
      "mend the file: the runtime takes the first by name",
    );
  }
  const plugin = types.find(isMeshPlugin);
  return plugin === undefined
    ? judgeAbsent(chain, first.name)
    : judgePresent({ ...chain, types, plugin }, first.name);
}

function judgeAbsent(
  { netDir, files = [], wanted }: FoundChain,
  first: string,
): Judgement {
  const check = "CNI chain";
  const elsewhere = files.find(({ text }) => typesOf(text)?.some(isMeshPlugin));
  if (elsewhere !== undefined) {
    return failed(
      check,
      `${netDir}/${first} comes before ${elsewhere.name}, which has the plugin`,
      `remove the file that is not in use, or ${RESTART}`,
    );
  }
  return wanted
    ? failed(check, `${netDir}/${first} names no plugin of the mesh`, RESTART)
    : ok(check, "not used: pods are enrolled once they run");
}

function judgePresent(
  { netDir, types, plugin, programs }: FoundChain & {
    readonly types: readonly string[];
    readonly plugin: string;
  },
  first: string,
): Judgement {
  const check = "CNI chain";
  if (programs !== undefined && !programs.includes(plugin)) {
    return failed(
      check,
      `${netDir}/${first} names ${plugin}, and there is no such program: no pod can start`,
      RESTART,
    );
  }
  const behind = types.slice(types.indexOf(plugin) + 1);
  return behind.length === 0
    ? ok(check, `${plugin} is the last of ${netDir}/${first}`)
    : warning(
      check,
      `${behind.join(", ")} comes after ${plugin} in ${netDir}/${first}`,
      "what changes addresses or rules of a pod has to come before it",
    );
}

/** The mesh's plugin in the network that the runtime uses. */
export interface ChainPlugin {
  readonly type: string;
  /** Its entry in the list. */
  readonly entry: JsonObject;
}

/** undefined where that network has none, or cannot be read. */
export function chainPlugin(
  { files = [] }: Pick<FoundChain, "files">,
): ChainPlugin | undefined {
  const entry = entriesOf(files[0]?.text)?.find(({ type }) =>
    typeof type === "string" && isMeshPlugin(type)
  );
  return entry && { type: `${entry.type}`, entry };
}

const isMeshPlugin = (type: string): boolean =>
  (MESH_PLUGINS as readonly string[]).includes(type);

/** Types of a list's plugins, or of the only one; undefined for what is no network. */
function typesOf(text: string | undefined): readonly string[] | undefined {
  const types = entriesOf(text)?.map(({ type }) => type);
  return types?.every((type) => typeof type === "string") ? types : undefined;
}

function entriesOf(
  text: string | undefined,
): readonly JsonObject[] | undefined {
  const network = asRecord(text?.trim() ?? "");
  if (network === undefined) return undefined;
  const plugins: readonly unknown[] = Array.isArray(network.plugins)
    ? network.plugins
    : [network];
  return plugins.every(isObject) ? plugins : undefined;
}
