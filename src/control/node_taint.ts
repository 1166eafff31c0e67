/** Takes the taint off a node that keeps pods away until they can be redirected. */
import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { Logger } from "../telemetry/log.ts";
import { type KubeApi, KubeApiError } from "./kube_api/mod.ts";

/** Between two tries, in ms. */
export const TAINT_RETRY_MS = 5_000;

export interface NodeTaintOptions {
  readonly api: Pick<KubeApi, "json">;
  readonly clock: Clock;
  readonly nodeName: string;
  /** Such as `cni.istio.io/not-ready`; all its effects go. */
  readonly key: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

interface Taint {
  readonly key: string;
}

/** Tries until the node is without it, or until the signal. Never rejects. */
export async function removeNodeTaint(
  options: NodeTaintOptions,
): Promise<void> {
  const { nodeName: node, key, log, signal } = options;
  let said: string | undefined;
  while (!signal.aborted) {
    try {
      const removed = await removeOnce(options);
      if (removed) log.info("node taint removed", { node, key });
      return;
    } catch (reason) {
      const error = messageOf(reason);
      if (!signal.aborted && error !== said) {
        log.warn("cannot remove the node's taint", { node, key, error });
      }
      said = error;
      await pause(options);
    }
  }
}

/** @returns whether it was there. */
async function removeOnce(
  { api, nodeName, key, signal }: NodeTaintOptions,
): Promise<boolean> {
  const path = `/api/v1/nodes/${encodeURIComponent(nodeName)}`;
  const node = await api.json({ verb: "get", resource: "nodes", path }, signal);
  const { taints, resourceVersion } = readNode(node);
  const rest = taints.filter((taint) => taint.key !== key);
  if (rest.length === taints.length) return false;
  await api.json({
    verb: "patch",
    resource: "nodes",
    path: `${path}?fieldManager=hairpin-node`,
    // The list goes whole: with its version, so that nobody's taint is lost.
    patch: { metadata: { resourceVersion }, spec: { taints: rest } },
  }, signal);
  return true;
}

/** @throws {KubeApiError} when it is no node. */
function readNode(value: unknown) {
  const { metadata, spec } = value as {
    readonly metadata?: { readonly resourceVersion?: unknown };
    readonly spec?: { readonly taints?: unknown };
  };
  const resourceVersion = metadata?.resourceVersion;
  const taints = spec?.taints ?? [];
  const isNode = typeof resourceVersion === "string" && isTaints(taints);
  if (!isNode) throw new KubeApiError("the answer is not a Node");
  return { resourceVersion, taints };
}

const isTaints = (value: unknown): value is readonly Taint[] =>
  Array.isArray(value) &&
  value.every((taint: Partial<Taint> | null) => typeof taint?.key === "string");

function pause({ clock, signal }: NodeTaintOptions): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.setTimer(TAINT_RETRY_MS, resolve);
    signal.addEventListener("abort", () => {
      cancel();
      resolve();
    }, { once: true });
  });
}
