/** The objects of the Kubernetes API, all kinds together. */
import type { Clock } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import type { Kind, KubeObject } from "../../kube/mod.ts";
import type { Logger } from "../../telemetry/log.ts";
import type { KubeApi } from "./client.ts";
import { Gather } from "./gather.ts";
import { KindWatch } from "./kind_watch.ts";
import type { Scope } from "./list.ts";
import { ObjectCache } from "./object_cache.ts";
import type { StatusRecord } from "./status_record.ts";

/** What the following counts. */
export interface KubeApiCounters {
  /** A request or a watch that failed. */
  failed(kind: Kind, status: number | undefined): void;
  /** A version of an object that could not be used. */
  rejected(kind: Kind): void;
}

export interface FollowOptions {
  readonly api: KubeApi;
  readonly scopes: readonly Scope[];
  /** Kinds whose statuses are kept for a writer. Default: none. */
  readonly statusKinds?: ReadonlySet<Kind>;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  readonly log: Logger;
  readonly counters: KubeApiCounters;
  /** All objects that there are now; first when every kind has been listed. */
  onUpdate(objects: readonly KubeObject[]): void;
  /** A status that is kept may have changed. */
  onRecords?(): void;
  /** Ends the following. */
  readonly signal: AbortSignal;
}

/** What is known of the API's objects. */
export interface KubeFollowing {
  /** Settles after the first update, as that does; never when the signal comes before. */
  readonly synced: Promise<void>;
  /** Why objects or kinds are not in force as they are, one line each. */
  errors(): readonly string[];
  /** The statuses that are kept. */
  records(): Iterable<StatusRecord>;
  /** Settles when the signal has ended the following. */
  readonly done: Promise<void>;
}

/** Follows every kind, and tells of changes once for a burst of them. */
export function followKubeApi(options: FollowOptions): KubeFollowing {
  const { clock, log, counters, signal, statusKinds } = options;
  let complete = false;
  const update = () => options.onUpdate(cache.objects());
  const gather = new Gather(clock, () => {
    try {
      update();
    } catch (reason) {
      // What is in force stays: the process must outlive any object.
      log.error("objects not taken", { error: messageOf(reason) });
    }
  });
  const cache: ObjectCache = new ObjectCache({
    keepsStatus: (kind) => statusKinds?.has(kind) ?? false,
    onChange: () => complete && gather.ask(),
    onRecord: () => complete && options.onRecords?.(),
    onRejected(kind, error) {
      log.error("object not taken", { kind, error });
      counters.rejected(kind);
    },
  });
  const watches = options.scopes.map((scope) =>
    new KindWatch({
      ...options,
      scope,
      cache,
      onFailure: (status) => counters.failed(scope.kind, status),
    })
  );
  signal.addEventListener("abort", () => gather[Symbol.dispose]());
  const running = Promise.all(watches.map((watch) => watch.run()));
  const synced = Promise.all(watches.map(({ listed }) => listed)).then(() => {
    if (signal.aborted) return new Promise<void>(() => {});
    update();
    complete = true;
    options.onRecords?.();
  });
  return {
    synced,
    errors: () => [
      ...watches.flatMap(({ problem }) => problem ?? []),
      ...cache.errors(),
    ],
    records: () => cache.records(),
    done: running.then(() => {}),
  };
}
