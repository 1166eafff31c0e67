/** A network's list of plugins, with this one at its end or without it. */
import { isObject, type JsonObject } from "./json.ts";

/** The plugin's name in lists and in the folder of plugins. */
export const PLUGIN_TYPE = "hairpin-cni";

/** A changed list; `same` when it is as wanted already; `bad` with what it is not. */
export type Edit =
  | { readonly kind: "changed"; readonly text: string }
  | { readonly kind: "same" }
  | { readonly kind: "bad"; readonly why: string };

/**
 * Appends the plugin: whatever it captures, the plugins before have made. A
 * single plugin becomes a list of its name.
 */
export const withPlugin = (text: string, own: JsonObject): Edit =>
  edit(text, (foreign) => [...foreign, { ...own, type: PLUGIN_TYPE }]);

export const withoutPlugin = (text: string): Edit =>
  edit(text, (foreign) => foreign);

function edit(
  text: string,
  plugins: (foreign: readonly JsonObject[]) => readonly JsonObject[],
): Edit {
  const list = readList(text);
  if (typeof list === "string") return { kind: "bad", why: list };
  const foreign = list.plugins.filter(({ type }) => type !== PLUGIN_TYPE);
  if (foreign.length === 0) {
    return { kind: "bad", why: "it has no plugin that makes a network" };
  }
  const wanted = plugins(foreign);
  const isSame = !list.isSingle &&
    JSON.stringify(wanted) === JSON.stringify(list.plugins);
  if (isSame) return { kind: "same" };
  const changed = { ...list.json, plugins: wanted };
  return { kind: "changed", text: `${JSON.stringify(changed, null, 2)}\n` };
}

interface List {
  readonly json: JsonObject;
  readonly plugins: readonly JsonObject[];
  /** Whether the text has no list, but a plugin alone. */
  readonly isSingle: boolean;
}

/** @returns what is wrong with it when it is no list. */
function readList(text: string): List | string {
  const json = parseExactly(text);
  if (!isObject(json)) return "it is not a JSON object";
  const { name, plugins, cniVersion } = json;
  if (typeof name !== "string" || name === "") return "it has no name";
  if (plugins === undefined && typeof json.type === "string") {
    // As libcni makes it: what the plugin says of the network is of the list too.
    const list = { ...cniVersion !== undefined && { cniVersion }, name };
    return { json: list, plugins: [json], isSingle: true };
  }
  if (!Array.isArray(plugins)) return "it has no list of plugins";
  const valid = plugins.every((plugin) =>
    isObject(plugin) && typeof plugin.type === "string"
  );
  return valid
    ? { json, plugins, isSingle: false }
    : "one of its plugins has no type";
}

/** What a reviver is told of a number, and what keeps it as it was written. */
interface Source {
  readonly source?: string;
}
const exactly = JSON as typeof JSON & { rawJSON(source: string): unknown };

/** Numbers stay as they are written, also where no number of ours could hold them. */
function parseExactly(text: string): unknown {
  const keep = (_key: string, value: unknown, { source }: Source = {}) =>
    typeof value === "number" && source !== undefined &&
      source !== String(value)
      ? exactly.rawJSON(source)
      : value;
  try {
    return JSON.parse(text, keep);
  } catch {
    return undefined;
  }
}
