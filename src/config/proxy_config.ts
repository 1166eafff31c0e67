/** Istio's ProxyConfig: the mesh configuration file, `PROXY_CONFIG` and `ISTIO_META_*`. */
import { ConfigError, messageOf } from "../base/errors.ts";
import { PROXY_CONFIG_MAX } from "./limits.ts";
import type { Machine } from "./machine.ts";
import type { Found, Settings } from "./settings.ts";

/** Where Istio mounts the mesh configuration, seen from the working folder. */
export const MESH_CONFIG_PATH = "./etc/istio/config/mesh";
const METADATA_PREFIX = "ISTIO_META_";
const METADATA_JSON_PREFIX = "ISTIO_METAJSON_";

/** The settings that ProxyConfig may carry, each with the place it was found in. */
export interface ProxyConfig {
  readonly discoveryAddress: Found | undefined;
  readonly proxyAdminPort: Found | undefined;
  readonly statsPort: Found | undefined;
  readonly concurrency: Found | undefined;
  /** Keys without the prefix `ISTIO_META_`; later sources win. */
  readonly metadata: ReadonlyMap<string, Found>;
}

const FIELDS = [
  "discoveryAddress",
  "proxyAdminPort",
  "statsPort",
  "concurrency",
] as const;

type Fields = Record<string, unknown>;

/** One object of settings and the words that name it in errors. */
interface Source {
  readonly place: string;
  /** Stands before the names of its fields. */
  readonly path: "" | "defaultConfig.";
  readonly fields: Fields;
}

/**
 * Merges the sources, later ones winning field by field: the mesh file, then
 * `PROXY_CONFIG`, then `ISTIO_META_*` for metadata.
 *
 * @throws {ConfigError} when a source does not parse or a field has a wrong type.
 */
export function readProxyConfig(
  settings: Settings,
  machine: Machine,
): ProxyConfig {
  const sources = [meshFile(machine), proxyConfigVariable(settings, machine)]
    .filter((source) => source !== undefined);
  const found = (field: typeof FIELDS[number]) =>
    sources.map((source) => scalarIn(source, field))
      .findLast((value) => value !== undefined);
  return {
    discoveryAddress: found("discoveryAddress"),
    proxyAdminPort: found("proxyAdminPort"),
    statsPort: found("statsPort"),
    concurrency: found("concurrency"),
    metadata: mergeMetadata(sources, settings),
  };
}

function meshFile(machine: Machine): Source | undefined {
  const place = `file ${JSON.stringify(MESH_CONFIG_PATH)}`;
  const text = attempt(place, () => machine.readFile(MESH_CONFIG_PATH));
  if (text === undefined) return undefined;
  const mesh = parseObject(place, text, machine);
  const fields = asObject(`${place}, field defaultConfig`, mesh.defaultConfig);
  return { place, path: "defaultConfig.", fields };
}

function proxyConfigVariable(
  settings: Settings,
  machine: Machine,
): Source | undefined {
  const found = settings.variable("PROXY_CONFIG");
  if (found === undefined) return undefined;
  const fields = parseObject(found.place, found.text, machine);
  return { place: found.place, path: "", fields };
}

function parseObject(place: string, text: string, machine: Machine): Fields {
  if (text.length > PROXY_CONFIG_MAX) {
    throw new ConfigError(
      `cannot read ${place}: ${text.length} characters, at most ${PROXY_CONFIG_MAX} are read`,
    );
  }
  return asObject(place, attempt(place, () => machine.parseYaml(text)));
}

function attempt<T>(place: string, action: () => T): T {
  try {
    return action();
  } catch (reason) {
    throw new ConfigError(`cannot read ${place}: ${messageOf(reason)}`, {
      cause: reason,
    });
  }
}

/** Nothing at all counts as an object without fields, as in YAML. */
function asObject(place: string, value: unknown): Fields {
  if (value === undefined || value === null) return {};
  if (typeof value === "object" && !Array.isArray(value)) {
    return value as Fields;
  }
  throw new ConfigError(
    `cannot read ${place}: want an object, found ${JSON.stringify(value)}`,
  );
}

function scalarIn(source: Source, field: string): Found | undefined {
  return scalar(fieldPlace(source, field), own(source.fields, field));
}

const fieldPlace = (source: Source, field: string): string =>
  `${source.place}, field ${source.path}${field}`;

const own = (fields: Fields, key: string): unknown =>
  Object.hasOwn(fields, key) ? fields[key] : undefined;

function scalar(place: string, value: unknown): Found | undefined {
  if (value === undefined || value === null) return undefined;
  if (["string", "number", "boolean"].includes(typeof value)) {
    return { place, text: String(value) };
  }
  throw new ConfigError(
    `invalid ${place} ${JSON.stringify(value)}: want a text, number or boolean`,
  );
}

function mergeMetadata(
  sources: readonly Source[],
  settings: Settings,
): ReadonlyMap<string, Found> {
  const merged = new Map<string, Found>();
  for (const source of sources) {
    const place = fieldPlace(source, "proxyMetadata");
    const fields = asObject(place, own(source.fields, "proxyMetadata"));
    for (const key of Object.keys(fields)) {
      const found = scalar(`${place}.${key}`, fields[key]);
      if (found !== undefined) merged.set(withoutPrefix(key), found);
    }
  }
  for (const { rest, found } of settings.withPrefix(METADATA_PREFIX)) {
    merged.set(rest, found);
  }
  return merged;
}

const withoutPrefix = (key: string): string =>
  key.startsWith(METADATA_PREFIX) && key !== METADATA_PREFIX
    ? key.slice(METADATA_PREFIX.length)
    : key;

/** `ISTIO_METAJSON_*`: values that parse, and a warning for each that does not. */
export function readMetadataJson(settings: Settings): {
  readonly values: Readonly<Record<string, unknown>>;
  readonly warnings: readonly string[];
} {
  const values: [string, unknown][] = [];
  const warnings: string[] = [];
  for (const { rest, found } of settings.withPrefix(METADATA_JSON_PREFIX)) {
    try {
      values.push([rest, JSON.parse(found.text)]);
    } catch (reason) {
      warnings.push(`skipped ${found.place}: ${messageOf(reason)}`);
    }
  }
  return { values: Object.fromEntries(values), warnings };
}
