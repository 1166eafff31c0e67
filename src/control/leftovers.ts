/** What an earlier way to redirect left behind, taken away once that opens nothing. */
import { messageOf } from "../base/errors.ts";
import type { NodePod } from "../kube/mod.ts";
import type { LeftBehind } from "../redirect/node/mod.ts";
import type { Logger } from "../telemetry/log.ts";
import { ENROL_RETRY_MS } from "./self_enrolment.ts";

interface LeftoverOptions {
  readonly log: Pick<Logger, "info" | "warn">;
  readonly signal: AbortSignal;
  /** Default {@link ENROL_RETRY_MS}. */
  readonly retryMs?: number;
}

/** Logs what stands in the way, when it first does. */
class Obstacle {
  #said: string | undefined;

  constructor(readonly log: LeftoverOptions["log"]) {}

  say(what: string, fields: Readonly<Record<string, string>>): void {
    const all = JSON.stringify([what, fields]);
    if (all === this.#said) return;
    this.#said = all;
    this.log.warn(what, fields);
  }
}

export interface NodeLeftoversOptions extends LeftoverOptions {
  find(): Promise<LeftBehind>;
  remove(): Promise<void>;
}

/**
 * The rules of `--redirect node` on a node whose pods are redirected in
 * themselves by now. Nobody serves them, so they close every pod they name; they
 * go when every pod that should be enrolled is.
 */
export class NodeLeftovers {
  readonly #options: NodeLeftoversOptions;
  readonly #obstacle: Obstacle;
  #failing = 0;
  #look: Promise<void> | undefined;
  #isGone = false;

  constructor(options: NodeLeftoversOptions) {
    this.#options = options;
    this.#obstacle = new Obstacle(options.log);
  }

  /**
   * To be called whenever the pods have been tried. Never rejects.
   *
   * @param failing Pods that should be enrolled and are not.
   */
  settle(failing: number): Promise<void> {
    this.#failing = failing;
    const { signal } = this.#options;
    if (this.#isGone || signal.aborted) return Promise.resolve();
    return this.#look ??= this.#run();
  }

  async #run(): Promise<void> {
    this.#isGone = await this.#tryRemove();
    this.#look = undefined;
    if (this.#isGone) return;
    const { retryMs = ENROL_RETRY_MS } = this.#options;
    const retry = setTimeout(() => void this.settle(this.#failing), retryMs);
    Deno.unrefTimer(Number(retry));
  }

  /** @returns whether there is nothing more to do. */
  async #tryRemove(): Promise<boolean> {
    const { find, remove, log } = this.#options;
    try {
      const found = await find();
      if (found === "none") return true;
      const why = found === "served"
        ? "another process redirects this node"
        : this.#failing > 0
        ? `${this.#failing} pods are not enrolled, and would be open ` +
          "(hint: hairpin redirect remove --node)"
        : undefined;
      if (why !== undefined) {
        this.#obstacle.say("the node's own redirection stays", { why });
        return false;
      }
      await remove();
      log.info("the node's own redirection is removed, which nobody served");
      return true;
    } catch (reason) {
      const error = messageOf(reason);
      this.#obstacle.say("cannot remove the node's own redirection", { error });
      return false;
    }
  }
}

/** What became of the rules in one pod. */
export type PodRulesFate = "none" | "removed" | "served";

export interface PodLeftoversOptions extends LeftoverOptions {
  /** Removes a pod's own rules, unless somebody serves it there. */
  remove(pod: NodePod): Promise<PodRulesFate>;
}

/**
 * The rules in pods that the node redirects by now. Nobody serves them, so they
 * close their pod; it is captured by the node before they go.
 */
export class PodLeftovers {
  readonly #options: PodLeftoversOptions;
  readonly #obstacle: Obstacle;
  readonly #waiting = new Map<string, NodePod>();
  #turn: Promise<void> | undefined;

  constructor(options: PodLeftoversOptions) {
    this.#options = options;
    this.#obstacle = new Obstacle(options.log);
  }

  /** A pod that is captured now. */
  add(pod: NodePod): void {
    this.#waiting.set(pod.uid, pod);
    this.#turn ??= this.#run();
  }

  /** A pod that is captured no more. */
  forget(uid: string): void {
    this.#waiting.delete(uid);
  }

  async #run(): Promise<void> {
    const { retryMs = ENROL_RETRY_MS, signal } = this.#options;
    for (const pod of this.#waiting.values()) {
      if (signal.aborted) return;
      if (await this.#tryRemove(pod)) this.#waiting.delete(pod.uid);
    }
    this.#turn = undefined;
    if (this.#waiting.size === 0) return;
    const retry = setTimeout(() => this.#turn ??= this.#run(), retryMs);
    Deno.unrefTimer(Number(retry));
  }

  /** @returns whether there is nothing more to do. */
  async #tryRemove(pod: NodePod): Promise<boolean> {
    const { uid, name, namespace } = pod;
    try {
      const fate = await this.#options.remove(pod);
      if (fate === "removed") {
        const fields = { uid, name, namespace };
        this.#options.log.info("the pod's own redirection is removed", fields);
      } else if (fate === "served") {
        const why = "another process serves it there";
        const fields = { name, namespace, why };
        this.#obstacle.say("the pod's own redirection stays", fields);
      }
      return fate !== "served";
    } catch (reason) {
      // Where nobody may enter pods, nobody has been there before either.
      const error = messageOf(reason);
      this.#obstacle.say("cannot look for rules in pods", { error });
      return true;
    }
  }
}
