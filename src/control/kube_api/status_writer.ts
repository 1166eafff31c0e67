/** Statuses, written when they differ from what they are to say. */
import type { CancelTimer, Clock } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import type { Kind, StatusPlan } from "../../kube/mod.ts";
import { isEqual } from "../../model/diff.ts";
import type { Logger } from "../../telemetry/log.ts";
import { retryDelayMs } from "./backoff.ts";
import type { KubeApi } from "./client.ts";
import { KubeApiError } from "./errors.ts";
import {
  STATUS_CALM_MS,
  STATUS_DENIED_MS,
  STATUS_REST_MAX_MS,
  STATUS_REST_MIN_MS,
} from "./limits.ts";
import { pathOf, RESOURCES, titleOf } from "./resources.ts";
import type { StatusRecord } from "./status_record.ts";

export interface StatusWriterOptions {
  readonly api: KubeApi;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  readonly log: Logger;
  /** Whom the API server shows as the author. */
  readonly fieldManager: string;
  /** The statuses as they are now, by the watches. */
  records(): Iterable<StatusRecord>;
  /** A write that failed. */
  onFailure(kind: Kind, status: number | undefined): void;
  readonly signal: AbortSignal;
}

/** What became of the writes of one object. */
interface Written {
  /** The version that was written upon: until a watch shows another one there is no news. */
  readonly version: string;
  readonly status: object | undefined;
  readonly atMs: number;
  readonly restMs: number;
  readonly failures: number;
}

/**
 * Writes what a plan wants. Every write names the version that it is made
 * upon, so that of several writers one wins and the others look again; one
 * object is written at most once in a while, the more seldom the more often
 * others take the same words back.
 */
export class StatusWriter implements Disposable {
  readonly #options: StatusWriterOptions;
  readonly #written = new Map<string, Written>();
  readonly #deniedUntilMs = new Map<Kind, number>();
  #plan: StatusPlan | undefined;
  #running = false;
  #again = false;
  #cancel: CancelTimer = () => {};

  constructor(options: StatusWriterOptions) {
    this.#options = options;
  }

  /** What the statuses are to say from now on. */
  follow(plan: StatusPlan): void {
    this.#plan = plan;
    this.look();
  }

  /** There may be something to write. */
  look(): void {
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#running = true;
    void this.#run();
  }

  [Symbol.dispose](): void {
    this.#cancel();
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    const { signal, log } = this.#options;
    do {
      this.#again = false;
      try {
        await this.#pass();
      } catch (reason) {
        if (signal.aborted) return;
        log.error("statuses not written", { error: messageOf(reason) });
      }
    } while (this.#again && !signal.aborted);
    this.#running = false;
  }

  async #pass(): Promise<void> {
    const { clock, signal } = this.#options;
    this.#cancel();
    const records = new Map(
      Array.from(this.#options.records(), (record) => [keyOf(record), record]),
    );
    for (const key of this.#written.keys()) {
      if (!records.has(key)) this.#written.delete(key);
    }
    let dueMs = Infinity;
    for (const [key, record] of records) {
      const status = this.#wanted(record);
      if (status === undefined) continue;
      if (this.#fromMs(record, status) <= clock.nowMs() && !signal.aborted) {
        await this.#write(record, status, this.#written.get(key));
      }
      dueMs = Math.min(dueMs, this.#fromMs(record, status));
    }
    if (dueMs === Infinity || signal.aborted) return;
    this.#cancel = clock.setTimer(dueMs - clock.nowMs(), () => this.look());
  }

  #wanted(record: StatusRecord): object | undefined {
    const now = new Date(this.#options.clock.nowMs()).toISOString();
    return this.#plan?.(record, now.replace(/\.\d+/, ""));
  }

  /** When the object may be written: not without news of it, unless the last try failed. */
  #fromMs(record: StatusRecord, status: object): number {
    const before = this.#written.get(keyOf(record));
    const deniedMs = this.#deniedUntilMs.get(record.kind) ?? 0;
    if (before === undefined) return deniedMs;
    const isNews = before.version !== record.resourceVersion;
    if (!isNews && before.failures === 0) return Infinity;
    const rests = before.failures > 0 ||
      isEqual(before.status, timeless(status));
    const waitMs = rests ? before.restMs : STATUS_REST_MIN_MS;
    return Math.max(deniedMs, before.atMs + waitMs);
  }

  async #write(
    record: StatusRecord,
    status: object,
    before: Written | undefined,
  ): Promise<void> {
    const { api, clock, signal, log, fieldManager } = this.#options;
    const resource = RESOURCES[record.kind];
    const { kind, namespace, name, resourceVersion } = record;
    const version = record.apiVersion.split("/").at(-1) ?? "";
    const path = pathOf(resource, { version, namespace, name, part: "status" });
    try {
      await api.json({
        verb: "patch",
        resource: `${titleOf(resource)}/status`,
        path: `${path}?fieldManager=${fieldManager}`,
        patch: { metadata: { resourceVersion }, status },
      }, signal);
      log.debug("status written", { kind, name: `${namespace}/${name}` });
      this.#note(record, {
        status: timeless(status),
        restMs: restMs(before, timeless(status), clock.nowMs()),
        failures: 0,
      });
    } catch (reason) {
      if (signal.aborted) return;
      this.#failed(record, reason, before);
    }
  }

  #failed(
    record: StatusRecord,
    reason: unknown,
    before: Written | undefined,
  ): void {
    const { clock, random, log, onFailure } = this.#options;
    const { kind, namespace, name } = record;
    const status = reason instanceof KubeApiError ? reason.status : undefined;
    // Somebody was faster, or the object is gone: the watch will tell.
    const isRace = status === 409 || status === 404;
    const failures = isRace ? 0 : (before?.failures ?? 0) + 1;
    this.#note(record, {
      status: before?.status,
      restMs: isRace ? STATUS_REST_MIN_MS : retryDelayMs(failures, random),
      failures,
    });
    if (isRace) return;
    onFailure(kind, status);
    const fields = { kind, error: messageOf(reason) };
    if (status !== 403) {
      log.warn("status not written", {
        ...fields,
        name: `${namespace}/${name}`,
      });
      return;
    }
    if (!this.#deniedUntilMs.has(kind)) {
      log.warn("statuses of a kind may not be written", fields);
    }
    this.#deniedUntilMs.set(kind, clock.nowMs() + STATUS_DENIED_MS);
  }

  #note(
    record: StatusRecord,
    outcome: Pick<Written, "status" | "restMs" | "failures">,
  ): void {
    this.#written.set(keyOf(record), {
      ...outcome,
      version: record.resourceVersion,
      atMs: this.#options.clock.nowMs(),
    });
  }
}

const keyOf = ({ kind, namespace, name }: StatusRecord): string =>
  `${kind} ${namespace}/${name}`;

/** Longer each time that the same words have to be said again. */
function restMs(
  before: Written | undefined,
  status: object,
  nowMs: number,
): number {
  const isRepeated = before !== undefined &&
    nowMs - before.atMs < Math.max(STATUS_CALM_MS, before.restMs * 2) &&
    isEqual(before.status, status);
  return isRepeated
    ? Math.min(STATUS_REST_MAX_MS, before.restMs * 2)
    : STATUS_REST_MIN_MS;
}

/** Without the times, in which two statuses of the same words differ. */
const timeless = (status: object): object =>
  JSON.parse(
    JSON.stringify(
      status,
      (key, value) => key === "lastTransitionTime" ? undefined : value,
    ),
  );
