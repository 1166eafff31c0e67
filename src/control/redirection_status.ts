/** Tells the Kubernetes API which pods are redirected. */
import { messageOf } from "../base/errors.ts";
import { REDIRECTION_ANNOTATION } from "../kube/mod.ts";
import type { Logger } from "../telemetry/log.ts";
import { type KubeApi, KubeApiError } from "./kube_api/mod.ts";
import { eventRequest, type EventWords } from "./kube_event.ts";

export interface PodRedirection {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** What the pod's annotation is now. */
  readonly seen: string | undefined;
  /** What it is to be; undefined: none. */
  readonly value: "enabled" | "pending" | undefined;
  /** Of `pending`: what stands in the way. */
  readonly why?: string | undefined;
}

/** Something that is worth an Event of the Kubernetes API. */
export interface PodEvent extends EventWords {
  readonly pod: Pick<PodRedirection, "uid" | "namespace" | "name">;
}

export interface RedirectionStatusOptions {
  readonly api: Pick<KubeApi, "json">;
  readonly log: Logger;
  readonly nowMs: () => number;
  readonly signal: AbortSignal;
}

/** Writes annotations that differ, one at a time, and an Event for each new failure. */
export class RedirectionStatus {
  readonly #options: RedirectionStatusOptions;
  /** Values that were written, and that the watch has not shown yet. */
  readonly #written = new Map<string, string | undefined>();
  readonly #failures = new Map<string, string>();
  #turn: Promise<void> = Promise.resolve();

  constructor(options: RedirectionStatusOptions) {
    this.#options = options;
  }

  /** Never rejects; what could not be written is tried again at the next call. */
  sync(pods: readonly PodRedirection[]): Promise<void> {
    return this.#turn = this.#turn.then(async () => {
      const uids = new Set(pods.map(({ uid }) => uid));
      for (const map of [this.#written, this.#failures]) {
        for (const uid of map.keys()) if (!uids.has(uid)) map.delete(uid);
      }
      for (const pod of pods) await this.#tell(pod);
    });
  }

  /** Writes an Event after what is being written. Never rejects. */
  tell(event: PodEvent): Promise<void> {
    return this.#turn = this.#turn.then(async () => {
      if (this.#options.signal.aborted) return;
      await this.#try(() => this.#report(event));
    });
  }

  async #tell(pod: PodRedirection): Promise<void> {
    const { uid, seen, value, why } = pod;
    if (this.#options.signal.aborted) return;
    if (seen === value) this.#written.delete(uid);
    else if (!this.#written.has(uid) || this.#written.get(uid) !== value) {
      if (await this.#try(() => this.#annotate(pod))) {
        this.#written.set(uid, value);
      }
    }
    if (why === undefined) this.#failures.delete(uid);
    else if (this.#failures.get(uid) !== why) {
      this.#failures.set(uid, why);
      const event = { type: "Warning", reason: "RedirectionFailed" } as const;
      await this.#try(() => this.#report({ ...event, pod, message: why }));
    }
  }

  #annotate({ uid, namespace, name, value }: PodRedirection): Promise<unknown> {
    const annotations = { [REDIRECTION_ANNOTATION]: value ?? null };
    return this.#options.api.json({
      verb: "patch",
      resource: "pods/status",
      path: `${podPath(namespace, name)}/status?fieldManager=hairpin-node`,
      // With its uid: a pod of the same name may have taken its place.
      patch: { metadata: { uid, annotations } },
    }, this.#options.signal);
  }

  #report({ pod, ...words }: PodEvent): Promise<unknown> {
    const { uid, namespace, name } = pod;
    const { api, nowMs, signal } = this.#options;
    const subject = { apiVersion: "v1", kind: "Pod", namespace, name, uid };
    return api.json(eventRequest(subject, words, nowMs()), signal);
  }

  /** @returns whether there is nothing more to do about it. */
  async #try(action: () => Promise<unknown>): Promise<boolean> {
    try {
      await action();
      return true;
    } catch (reason) {
      // Gone, or another one of its name.
      const status = reason instanceof KubeApiError ? reason.status : undefined;
      if (status === 404 || status === 409) return true;
      if (!this.#options.signal.aborted) {
        this.#options.log.warn("cannot tell of a pod's redirection", {
          error: messageOf(reason),
        });
      }
      return false;
    }
  }
}

const podPath = (namespace: string, name: string): string =>
  `/api/v1/namespaces/${encodeURIComponent(namespace)}` +
  `/pods/${encodeURIComponent(name)}`;
