import type { Kind } from "../../kube/mod.ts";
import { type RawObject, versionOf } from "./messages.ts";

/** What an object's status says now, and what is needed to write it. */
export interface StatusRecord {
  readonly kind: Kind;
  /** Of the form in which it was read: `gateway.networking.k8s.io/v1`. */
  readonly apiVersion: string;
  /** Empty for a kind without namespace. */
  readonly namespace: string;
  readonly name: string;
  readonly resourceVersion: string;
  /** Of the spec. */
  readonly generation: number;
  /** As the server has it; never written to. */
  readonly status: RawObject;
}

/** @returns undefined for an object that nobody could write to. */
export function recordOf(
  kind: Kind,
  raw: RawObject,
): StatusRecord | undefined {
  const { name, namespace, generation } = (raw.metadata ?? {}) as Record<
    string,
    unknown
  >;
  if (typeof name !== "string" || typeof raw.apiVersion !== "string") {
    return undefined;
  }
  return {
    kind,
    apiVersion: raw.apiVersion,
    namespace: typeof namespace === "string" ? namespace : "",
    name,
    resourceVersion: versionOf(raw),
    generation: typeof generation === "number" ? generation : 0,
    status: typeof raw.status === "object" && raw.status !== null
      ? raw.status as RawObject
      : {},
  };
}
