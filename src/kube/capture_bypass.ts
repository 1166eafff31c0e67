/**
 * Pods whose traffic is let past the proxy while somebody looks for a fault. The
 * annotation is read from the configuration or the API, never from the pod.
 */
import { BYPASS_CAPTURE_ANNOTATION, parseFlag } from "./annotations.ts";
import type { KubeObject, PodObject } from "./objects.ts";

/** A pod that belongs to the mesh, and is out of it for now. */
export interface BypassedPod {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  /** When that ends by itself, in milliseconds since 1970; undefined: never. */
  readonly untilMs: number | undefined;
  /** undefined where it is not known. */
  readonly netnsPath: string | undefined;
}

export type CaptureBypass =
  | { readonly kind: "none" }
  | { readonly kind: "bypass"; readonly untilMs: number | undefined }
  /** Neither a truth value nor a time: the pod stays captured. */
  | { readonly kind: "unclear"; readonly value: string };

/** What a pod's annotation says; whether its time is over is not asked. */
export function captureBypassOf({ metadata }: PodObject): CaptureBypass {
  const value = metadata.annotations[BYPASS_CAPTURE_ANNOTATION];
  if (value === undefined) return { kind: "none" };
  const flag = parseFlag(value);
  if (flag === false) return { kind: "none" };
  if (flag === true) return { kind: "bypass", untilMs: undefined };
  const untilMs = TIME.test(value) ? Date.parse(value.toUpperCase()) : NaN;
  return Number.isNaN(untilMs)
    ? { kind: "unclear", value }
    : { kind: "bypass", untilMs };
}

export const isBypassed = (pod: PodObject): boolean =>
  captureBypassOf(pod).kind === "bypass";

/** RFC 3339, section 5.6: without a zone nobody could tell when it is. */
const TIME =
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/i;

export interface CurrentBypasses {
  /** Without the annotations whose time is over. */
  readonly objects: readonly KubeObject[];
  /** When the next one ends, in milliseconds since 1970. */
  readonly nextMs: number | undefined;
}

/** The objects as they are to be read at a moment. */
export function endBypasses(
  objects: readonly KubeObject[],
  nowMs: number,
): CurrentBypasses {
  let nextMs: number | undefined;
  const current = objects.map((object) => {
    if (object.kind !== "Pod") return object;
    const bypass = captureBypassOf(object);
    if (bypass.kind !== "bypass" || bypass.untilMs === undefined) return object;
    if (bypass.untilMs <= nowMs) return withoutBypass(object);
    nextMs = Math.min(nextMs ?? Infinity, bypass.untilMs);
    return object;
  });
  return { objects: current, nextMs };
}

function withoutBypass(pod: PodObject): PodObject {
  const { [BYPASS_CAPTURE_ANNOTATION]: _, ...annotations } =
    pod.metadata.annotations;
  return { ...pod, metadata: { ...pod.metadata, annotations } };
}
