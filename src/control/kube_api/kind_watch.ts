/** One kind, followed for as long as the process runs. */
import type { Clock } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import { pause } from "../pause.ts";
import type { Logger } from "../../telemetry/log.ts";
import { absentDelayMs, retryDelayMs } from "./backoff.ts";
import type { KubeApi } from "./client.ts";
import { KubeApiError } from "./errors.ts";
import {
  ABSENCES_TO_BELIEVE,
  WATCH_GRACE_MS,
  WATCH_SECONDS_MAX,
  WATCH_SECONDS_MIN,
  WATCH_SHORT_MS,
} from "./limits.ts";
import { listAll, queryOf, type Scope } from "./list.ts";
import { keyOf, readEvent, versionOf, type WatchEvent } from "./messages.ts";
import type { Held, ObjectCache } from "./object_cache.ts";
import { pathOf, RESOURCES, titleOf } from "./resources.ts";

export interface KindWatchOptions {
  readonly api: KubeApi;
  readonly scope: Scope;
  readonly cache: ObjectCache;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  readonly log: Logger;
  /** A request, or a watch, that failed. */
  onFailure(status: number | undefined): void;
  readonly signal: AbortSignal;
}

/**
 * Lists and watches one kind into the cache. It waits out whatever goes wrong:
 * what was known stays until there is news.
 */
export class KindWatch {
  readonly #options: KindWatchOptions;
  readonly #listed = Promise.withResolvers<void>();
  /** Where the next watch goes on; undefined: list first. */
  #resourceVersion: string | undefined;
  #version = 0;
  #failures = 0;
  #absences = 0;
  #absent = false;
  #problem: string | undefined;

  constructor(options: KindWatchOptions) {
    this.#options = options;
  }

  /** Settles when the first list is complete, or the kind is known to be missing. */
  get listed(): Promise<void> {
    return this.#listed.promise;
  }

  /** Why the kind is not followed at the moment. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Never rejects; ends with the signal. */
  async run(): Promise<void> {
    const { signal } = this.#options;
    while (!signal.aborted) {
      try {
        await this.#turn();
      } catch (reason) {
        if (signal.aborted) return;
        await this.#wait(this.#failed(reason));
      }
    }
  }

  async #turn(): Promise<void> {
    this.#resourceVersion ??= await this.#list();
    const { clock } = this.#options;
    const startMs = clock.nowMs();
    try {
      await this.#watch(this.#resourceVersion);
    } finally {
      if (clock.nowMs() - startMs >= WATCH_SHORT_MS) this.#failures = 0;
    }
    if (clock.nowMs() - startMs >= WATCH_SHORT_MS) return;
    throw new KubeApiError(
      `Cannot watch "${this.#title}": it ended as soon as it began`,
    );
  }

  /** @returns the version to watch from. */
  async #list(): Promise<string> {
    const { api, scope, cache, signal } = this.#options;
    const content = new Map<string, Held>();
    const resourceVersion = await listAll(
      api,
      scope,
      this.#apiVersion,
      (object) => {
        const held = cache.read(scope.kind, object);
        if (held !== undefined) content.set(keyOf(object), held);
      },
      signal,
    );
    cache.replace(scope.kind, content);
    this.#works();
    return resourceVersion;
  }

  async #watch(from: string): Promise<void> {
    const { api, scope, random, signal } = this.#options;
    const seconds = WATCH_SECONDS_MIN +
      Math.floor(random() * (WATCH_SECONDS_MAX - WATCH_SECONDS_MIN));
    const { namespace = "" } = scope;
    const query = queryOf(scope, {
      watch: "true",
      allowWatchBookmarks: "true",
      resourceVersion: from,
      timeoutSeconds: String(seconds),
    });
    const path = pathOf(RESOURCES[scope.kind], {
      version: this.#apiVersion,
      namespace,
    });
    const lines = await api.watch(
      { verb: "watch", resource: this.#title, path: `${path}?${query}` },
      seconds * 1_000 + WATCH_GRACE_MS,
      signal,
    );
    this.#works();
    for await (const line of lines) this.#take(readEvent(line));
  }

  #take(event: WatchEvent): void {
    const { cache, scope } = this.#options;
    if (event.kind === "put") cache.put(scope.kind, event.object);
    else if (event.kind === "delete") cache.delete(scope.kind, event.object);
    const next = event.kind === "bookmark"
      ? event.resourceVersion
      : versionOf(event.object);
    if (next !== "") this.#resourceVersion = next;
  }

  #works(): void {
    const { log, scope } = this.#options;
    if (this.#problem !== undefined || this.#absent) {
      log.info("kind is followed again", { kind: scope.kind });
    }
    this.#absences = 0;
    this.#absent = false;
    this.#problem = undefined;
    this.#listed.resolve();
  }

  /** @returns how long to wait, in milliseconds. */
  #failed(reason: unknown): number {
    const { random, onFailure } = this.#options;
    const { status, retryAfterMs = 0 } = reason instanceof KubeApiError
      ? reason
      : {};
    // The version is gone: only a new list can tell what happened since.
    if (status === 410) this.#resourceVersion = undefined;
    if (status === 404) return this.#missing();
    onFailure(status);
    this.#failures++;
    const delayMs = Math.max(
      retryAfterMs,
      retryDelayMs(this.#failures, random),
    );
    this.#report(messageOf(reason), delayMs);
    return delayMs;
  }

  /** The kind is not there, in this version at least. */
  #missing(): number {
    const { scope, cache, log, random } = this.#options;
    this.#resourceVersion = undefined;
    this.#version++;
    if (this.#version < RESOURCES[scope.kind].versions.length) return 0;
    this.#version = 0;
    this.#absences++;
    if (
      cache.count(scope.kind) > 0 && this.#absences < ABSENCES_TO_BELIEVE
    ) {
      return retryDelayMs(this.#absences, random);
    }
    if (!this.#absent) {
      log.warn("kind is not in this cluster, it is looked for again later", {
        kind: scope.kind,
      });
    }
    cache.replace(scope.kind, new Map());
    this.#absent = true;
    this.#failures = 0;
    this.#problem = undefined;
    this.#listed.resolve();
    return absentDelayMs(random);
  }

  /** Says each new failure once. */
  #report(problem: string, delayMs: number): void {
    const { log, scope } = this.#options;
    const fields = { kind: scope.kind, error: problem, retry_ms: delayMs };
    if (problem === this.#problem) log.debug("kind is not followed", fields);
    else log.warn("kind is not followed", fields);
    this.#problem = problem;
  }

  #wait(delayMs: number): Promise<void> {
    const { clock, signal } = this.#options;
    return pause(clock, delayMs, signal);
  }

  get #title(): string {
    return titleOf(RESOURCES[this.#options.scope.kind]);
  }

  get #apiVersion(): string {
    return RESOURCES[this.#options.scope.kind].versions[this.#version] ?? "v1";
  }
}
