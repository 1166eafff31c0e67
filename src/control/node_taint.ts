/** Takes the taint off a node that keeps pods away until they can be redirected. */
import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import { pause } from "./pause.ts";
import type { Logger } from "../telemetry/log.ts";
import {
  type KubeApi,
  KubeApiError,
  readEvent,
  WATCH_GRACE_MS,
  WATCH_SECONDS_MAX,
} from "./kube_api/mod.ts";

/** Between two tries, and two watches, in ms. */
export const TAINT_RETRY_MS = 5_000;

export interface NodeTaintOptions {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly nodeName: string;
  /** Such as `cni.istio.io/not-ready`; all its effects go. */
  readonly key: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Whether pods may come now. */
  mayRemove(): boolean;
}

const CANNOT_WATCH = "cannot watch the node for its taint";
const CANNOT_REMOVE = "cannot remove the node's taint";

interface Taint {
  readonly key: string;
}

interface Node {
  readonly taints: readonly Taint[];
  readonly resourceVersion: string;
}

/** Watches one node, and takes the taint off whenever it is there and may go. */
export class NodeTaint {
  readonly #options: NodeTaintOptions;
  #node: Node | undefined;
  #isRemoving = false;
  /** The last failure of each sort: it is said once. */
  readonly #said = new Map<string, string>();

  constructor(options: NodeTaintOptions) {
    this.#options = options;
  }

  /** Ends with the signal. Never rejects. */
  async run(): Promise<void> {
    const { signal } = this.#options;
    while (!signal.aborted) {
      try {
        await this.#watch();
      } catch (reason) {
        this.#warn(CANNOT_WATCH, reason);
      }
      await this.#pause();
    }
  }

  /** To be called when {@link NodeTaintOptions.mayRemove} may have changed. */
  look(): void {
    const { signal, mayRemove } = this.#options;
    const isWanted = this.#isTainted() && mayRemove();
    if (this.#isRemoving || !isWanted || signal.aborted) return;
    this.#isRemoving = true;
    void this.#remove().finally(() => {
      this.#isRemoving = false;
      // The node may have got it again meanwhile.
      this.look();
    });
  }

  /**
   * From version 0 on a watch begins with the node as the server last knew it;
   * without one some servers wait for a version that no node ever has.
   */
  async #watch(): Promise<void> {
    const { api, nodeName, signal } = this.#options;
    const query = new URLSearchParams({
      watch: "true",
      fieldSelector: `metadata.name=${nodeName}`,
      resourceVersion: "0",
      timeoutSeconds: String(WATCH_SECONDS_MAX),
    });
    const path = `/api/v1/nodes?${query}`;
    const lines = await api.watch(
      { verb: "watch", resource: "nodes", path },
      WATCH_SECONDS_MAX * 1_000 + WATCH_GRACE_MS,
      signal,
    );
    for await (const line of lines) {
      const event = readEvent(line);
      if (event.kind === "bookmark") continue;
      this.#node = event.kind === "put" ? readNode(event.object) : undefined;
      this.#said.delete(CANNOT_WATCH);
      this.look();
    }
  }

  async #remove(): Promise<void> {
    const { nodeName: node, key, log } = this.#options;
    try {
      await this.#patch();
      log.info("node taint removed", { node, key });
      this.#said.delete(CANNOT_REMOVE);
    } catch (reason) {
      this.#warn(CANNOT_REMOVE, reason);
    }
    // Also behind a success: somebody may put it back each time.
    await this.#pause();
  }

  async #patch(): Promise<void> {
    const { api, nodeName, key, signal } = this.#options;
    const { taints, resourceVersion } = this.#node!;
    const path = `/api/v1/nodes/${encodeURIComponent(nodeName)}`;
    const answer = await api.json({
      verb: "patch",
      resource: "nodes",
      path: `${path}?fieldManager=hairpin-node`,
      // The list goes whole: with its version, so that nobody's taint is lost.
      patch: {
        metadata: { resourceVersion },
        spec: { taints: taints.filter((taint) => taint.key !== key) },
      },
    }, signal);
    // Unless the watch has told of something newer.
    if (this.#node?.resourceVersion === resourceVersion) {
      this.#node = readNode(answer);
    }
  }

  #isTainted(): boolean {
    const { key } = this.#options;
    return this.#node?.taints.some((taint) => taint.key === key) ?? false;
  }

  #warn(what: string, reason: unknown): void {
    const { nodeName: node, key, log, signal } = this.#options;
    const error = messageOf(reason);
    if (!signal.aborted && error !== this.#said.get(what)) {
      log.warn(what, { node, key, error });
    }
    this.#said.set(what, error);
  }

  #pause(): Promise<void> {
    const { clock, signal } = this.#options;
    return pause(clock, TAINT_RETRY_MS, signal);
  }
}

/** @throws {KubeApiError} when it is no node. */
function readNode(value: unknown): Node {
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
