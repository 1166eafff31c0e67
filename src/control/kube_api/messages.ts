/** The API server's lists and events, as far as they are the same for every kind. */
import * as v from "valibot";
import { fields } from "../../kube/mod.ts";
import { excerpt, KubeApiError } from "./errors.ts";

const { open, text } = fields;

/** An object that is not read yet. */
export type RawObject = Readonly<Record<string, unknown>>;

export interface Page {
  readonly items: readonly RawObject[];
  readonly resourceVersion: string;
  /** Asks for the next page; empty at the end. */
  readonly continueToken: string;
}

const page = open({
  metadata: open({
    resourceVersion: text,
    continue: v.optional(text, ""),
  }),
  items: v.nullish(v.array(v.unknown()), []),
});

/** @throws {KubeApiError} */
export function readPage(value: unknown): Page {
  const result = v.safeParse(page, value);
  if (!result.success) throw new KubeApiError("the answer is not a list");
  const { metadata, items } = result.output;
  return {
    items: (items ?? []).filter(isMapping),
    resourceVersion: metadata.resourceVersion,
    continueToken: metadata.continue,
  };
}

export type WatchEvent =
  | { readonly kind: "put" | "delete"; readonly object: RawObject }
  | { readonly kind: "bookmark"; readonly resourceVersion: string };

const event = open({ type: text, object: fields.anyMapping });

/**
 * Reads one line of a watch.
 *
 * @throws {KubeApiError} when it is no event, or an event that ends the watch.
 */
export function readEvent(line: string): WatchEvent {
  const { type, object } = parse(line);
  switch (type) {
    case "ADDED":
    case "MODIFIED":
      return { kind: "put", object };
    case "DELETED":
      return { kind: "delete", object };
    case "BOOKMARK":
      return { kind: "bookmark", resourceVersion: versionOf(object) };
    case "ERROR":
      throw errorOf(object);
    default:
      throw new KubeApiError(`unknown event ${JSON.stringify(excerpt(type))}`);
  }
}

function parse(line: string): v.InferOutput<typeof event> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new KubeApiError("an event is not JSON", { cause });
  }
  const result = v.safeParse(event, value);
  if (!result.success) throw new KubeApiError("a line is no event");
  return result.output;
}

function errorOf(object: RawObject): KubeApiError {
  const { code, message } = object;
  const said = typeof message === "string" ? excerpt(message) : "no message";
  return new KubeApiError(`the server ended the watch: ${said}`, {
    status: typeof code === "number" ? code : undefined,
  });
}

/** The object's `metadata.resourceVersion`; empty where it has none. */
export function versionOf(object: RawObject): string {
  const { metadata } = object;
  if (!isMapping(metadata)) return "";
  return typeof metadata.resourceVersion === "string"
    ? metadata.resourceVersion
    : "";
}

/** `namespace/name` or `name`, as far as it can be told. */
export function keyOf(object: RawObject): string {
  const { metadata } = object;
  if (!isMapping(metadata)) return "";
  const { namespace, name } = metadata;
  return [namespace, name].filter((part) =>
    typeof part === "string" && part !== ""
  ).join("/");
}

const isMapping = (value: unknown): value is RawObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
