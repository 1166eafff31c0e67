/** Configuration texts as Kubernetes objects. */
import { ConfigError, messageOf } from "../base/errors.ts";
import {
  formatProblem,
  isKnownKind,
  type KubeObject,
  nameOf,
  parseObject,
  type Problem,
  saysTheSame,
} from "../kube/mod.ts";
import { SharedValues } from "../model/shared_values.ts";
import { CONFIG_ERRORS_MAX } from "./config_limits.ts";
import { eachYamlDocument, type YamlDocument } from "./yaml_file.ts";

export interface ConfigContent {
  readonly objects: readonly KubeObject[];
  /** Empty when `objects` can be used. */
  readonly errors: readonly ConfigError[];
  /** `apiVersion/Kind` of what is not hairpin's business, each once. */
  readonly unknownKinds: readonly string[];
}

/** Where an object was read. */
interface Place {
  readonly file: string;
  readonly document: YamlDocument;
  /** From the document's root: empty, or `items` and a position. */
  readonly path: readonly (string | number)[];
}

/** @param files Texts by the name under which errors show them. */
export function readObjects(files: ReadonlyMap<string, string>): ConfigContent {
  const reader = new ObjectReader();
  for (const [file, text] of files) reader.readFile(file, text);
  return {
    objects: reader.objects,
    errors: reader.errors.slice(0, CONFIG_ERRORS_MAX),
    unknownKinds: [...reader.unknownKinds].sort(),
  };
}

/** An object that is used, and where it stands. */
interface Held {
  readonly object: KubeObject;
  readonly file: string;
  readonly documentNumber: number;
}

class ObjectReader {
  readonly objects: KubeObject[] = [];
  readonly errors: ConfigError[] = [];
  readonly unknownKinds = new Set<string>();
  readonly #first = new Map<string, Held>();
  readonly #shared = new SharedValues();

  readFile(file: string, text: string): void {
    const { length } = this.errors;
    try {
      for (const document of eachYamlDocument(text, file)) {
        for (const { raw, path } of itemsOf(document.value)) {
          this.#read(raw, { file, document, path });
        }
      }
    } catch (reason) {
      // Until it is YAML throughout, what it says does not count.
      this.errors.length = length;
      this.errors.push(
        reason instanceof ConfigError
          ? reason
          : new ConfigError(`Cannot use "${file}": ${messageOf(reason)}`),
      );
    }
  }

  #read(raw: unknown, place: Place): void {
    const result = parseObject(raw);
    switch (result.kind) {
      case "object":
        return this.#add(result.object, place);
      case "aside":
        return;
      case "unknown":
        this.unknownKinds.add(result.name);
        return;
      case "bad":
        for (const problem of result.problems) {
          this.errors.push(errorAt(place, raw, problem));
        }
    }
  }

  /** The same object twice is fine when it says the same. */
  #add(object: KubeObject, place: Place): void {
    const { file, document } = place;
    const key = `${object.kind} ${nameOf(object)}`;
    const first = this.#first.get(key);
    if (first === undefined) {
      const shared = this.#shared.share(object);
      const documentNumber = document.number;
      this.#first.set(key, { object: shared, file, documentNumber });
      this.objects.push(shared);
    } else if (!saysTheSame(first.object, object)) {
      this.errors.push(errorAt(place, object, {
        path: [],
        why:
          `is otherwise in "${first.file}", document ${first.documentNumber}`,
      }));
    }
  }
}

/** The objects of a document: itself, or what a List holds. */
function itemsOf(
  value: unknown,
): { raw: unknown; path: (string | number)[] }[] {
  const list = value as {
    kind?: unknown;
    items?: unknown;
    apiVersion?: unknown;
  };
  if (typeof list !== "object" || !Array.isArray(list.items)) {
    return [{ raw: value, path: [] }];
  }
  const itemKind = itemKindOf(list.kind);
  if (itemKind === undefined) return [{ raw: value, path: [] }];
  // The API leaves kind and version off the items of a typed list.
  const defaults = itemKind === ""
    ? {}
    : { apiVersion: list.apiVersion, kind: itemKind };
  return list.items.map((item: unknown, index) => ({
    raw: isMapping(item) ? { ...defaults, ...item } : item,
    path: ["items", index],
  }));
}

/** Empty for a plain List; undefined for what is no list of known kinds. */
function itemKindOf(kind: unknown): string | undefined {
  if (typeof kind !== "string" || !kind.endsWith("List")) return undefined;
  const item = kind.slice(0, -"List".length);
  return item === "" || isKnownKind(item) ? item : undefined;
}

const isMapping = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function errorAt(place: Place, raw: unknown, problem: Problem): ConfigError {
  const { file, document, path } = place;
  const line = document.lineOf([...path, ...problem.path]);
  const where = [`document ${document.number}`, `line ${line}`, titleOf(raw)]
    .filter((part) => part !== "").join(", ");
  return new ConfigError(
    `Cannot use "${file}": ${where}: ${formatProblem(problem)}`,
  );
}

/** `Pod "shop/cart"`, as far as it can be told. */
function titleOf(raw: unknown): string {
  const { kind, metadata } = raw as { kind?: unknown; metadata?: unknown } ??
    {};
  if (typeof kind !== "string") return "";
  const { name, namespace } = metadata as Record<string, unknown> ?? {};
  const full = [namespace, name].filter((part) =>
    typeof part === "string" && part !== ""
  ).join("/");
  return oneLine(full === "" ? kind : `${kind} "${full}"`);
}

const oneLine = (text: string): string =>
  text.slice(0, 400).replaceAll(/\s+/g, " ");
