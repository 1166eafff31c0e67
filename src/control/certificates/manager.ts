import type { Clock } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import type {
  CertificateState,
  WorkloadCertificate,
} from "../../model/certificate.ts";
import { formatIdentity, type Identity } from "../../model/identity.ts";
import type { Logger } from "../../telemetry/log.ts";
import { attemptIssue } from "./attempt.ts";
import { type Entry, newEntry, type Waiter } from "./entry.ts";
import { type CertificateIssuer, IssueError } from "./issuer.ts";
import { IDENTITIES_MAX, ISSUES_MAX, NUDGE_MIN_MS } from "./limits.ts";
import { moreUrgent, type Priority, takeMostUrgent } from "./priority.ts";
import { addFailure, refreshDelayMs, retryDelayMs } from "./schedule.ts";

export interface CertificateManagerOptions {
  readonly issuer: CertificateIssuer;
  readonly clock: Clock;
  /** 0 to 1, as `Math.random`. */
  readonly random: () => number;
  readonly log: Pick<Logger, "info" | "warn">;
  /** Told of every change; `undefined`: the identity was forgotten. */
  readonly onChange: (
    spiffeId: string,
    state: CertificateState | undefined,
  ) => void;
}

/** One identity as the admin interface shows it. */
export interface CertificateRow {
  readonly spiffeId: string;
  readonly state: CertificateState;
}

/**
 * Keeps a certificate for every identity asked for: fetches it, refreshes it at
 * half of its life, and tries again when that fails. A certificate that is
 * still valid outlives failures.
 */
export class CertificateManager implements Disposable {
  readonly #options: CertificateManagerOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #queue: Entry[] = [];
  #issuing = 0;

  constructor(options: CertificateManagerOptions) {
    this.#options = options;
  }

  /**
   * Makes sure that the identity is looked after. While its first certificate is
   * awaited, a more urgent request moves it forward; after a failure a
   * "realTime" request has it tried again at once, unless that was just done.
   *
   * @throws {IssueError} for an identity above {@link IDENTITIES_MAX}.
   */
  request(identity: Identity, priority: Priority): void {
    this.#nudge(this.#entryOf(identity, priority), priority);
  }

  /**
   * The certificate of an identity, as soon as its first attempt has an outcome.
   *
   * @param signal Ends the waiting, not the attempt.
   * @throws {IssueError} at once when the latest attempt failed and no valid
   * certificate is left, or when the identity is forgotten meanwhile.
   */
  async fetch(
    identity: Identity,
    priority: Priority,
    signal: AbortSignal,
  ): Promise<WorkloadCertificate> {
    signal.throwIfAborted();
    const entry = this.#entryOf(identity, priority);
    const { state } = entry;
    this.#nudge(entry, priority);
    if (state.at === "available") return state.certificate;
    if (state.at === "unavailable") throw new IssueError(state.why);
    return await waitFor(entry, signal);
  }

  /** What is known of an identity; undefined when nobody asked for it. */
  stateOf(spiffeId: string): CertificateState | undefined {
    return this.#entries.get(spiffeId)?.state;
  }

  /** Stops looking after an identity; harmless for one that is not known. */
  forget(identity: Identity): void {
    const entry = this.#entries.get(formatIdentity(identity));
    if (entry !== undefined) this.#drop(entry);
  }

  /** All identities, in the order of their names. */
  snapshot(): readonly CertificateRow[] {
    const rows = [...this.#entries.values()];
    return rows.map(({ spiffeId, state }) => ({ spiffeId, state }))
      .sort((a, b) => a.spiffeId < b.spiffeId ? -1 : 1);
  }

  /** Forgets every identity. */
  [Symbol.dispose](): void {
    for (const entry of [...this.#entries.values()]) this.#drop(entry);
  }

  #entryOf(identity: Identity, priority: Priority): Entry {
    const spiffeId = formatIdentity(identity);
    const known = this.#entries.get(spiffeId);
    if (known !== undefined) return known;
    if (this.#entries.size >= IDENTITIES_MAX) {
      throw new IssueError(
        `Cannot keep "${spiffeId}": ${IDENTITIES_MAX} identities are kept already`,
      );
    }
    const entry = newEntry(identity, spiffeId, priority);
    this.#entries.set(spiffeId, entry);
    this.#options.onChange(spiffeId, entry.state);
    this.#enqueue(entry, priority);
    return entry;
  }

  #nudge(entry: Entry, priority: Priority): void {
    const { state, work } = entry;
    if (work.at === "queued") {
      entry.priority = moreUrgent(entry.priority, priority);
      return;
    }
    if (work.at !== "scheduled" || state.at !== "unavailable") return;
    const quietMs = this.#options.clock.nowMs() - entry.triedMs;
    if (priority !== "realTime" || quietMs < NUDGE_MIN_MS) return;
    work.cancel();
    this.#enqueue(entry, priority);
  }

  #enqueue(entry: Entry, priority: Priority): void {
    entry.priority = priority;
    entry.work = { at: "queued" };
    this.#queue.push(entry);
    this.#startQueued();
  }

  #startQueued(): void {
    while (this.#issuing < ISSUES_MAX) {
      const entry = takeMostUrgent(this.#queue);
      if (entry === undefined) return;
      void this.#attempt(entry);
    }
  }

  async #attempt(entry: Entry): Promise<void> {
    const { issuer, clock } = this.#options;
    const abort = new AbortController();
    entry.work = { at: "issuing", abort };
    entry.triedMs = clock.nowMs();
    this.#issuing++;
    try {
      const { identity } = entry;
      const certificate = await attemptIssue(issuer, identity, abort, clock);
      if (this.#isKept(entry)) this.#succeed(entry, certificate);
    } catch (reason) {
      if (this.#isKept(entry)) this.#fail(entry, messageOf(reason));
    } finally {
      this.#issuing--;
      this.#startQueued();
    }
  }

  /** Whether it was not forgotten, nor forgotten and asked for anew. */
  #isKept(entry: Entry): boolean {
    return this.#entries.get(entry.spiffeId) === entry;
  }

  #succeed(entry: Entry, certificate: WorkloadCertificate): void {
    entry.failures = undefined;
    const nowMs = this.#options.clock.nowMs();
    this.#schedule(entry, refreshDelayMs(certificate, nowMs));
    this.#change(entry, { at: "available", certificate });
    settle(entry, (waiter) => waiter.resolve(certificate));
  }

  #fail(entry: Entry, why: string): void {
    const { clock, random } = this.#options;
    const nowMs = clock.nowMs();
    entry.failures = addFailure(entry.failures, nowMs);
    const delayMs = retryDelayMs(entry.failures, nowMs, random);
    const { state } = entry;
    if (state.at === "available" && state.certificate.notAfterMs > nowMs) {
      this.#retain(entry, state.certificate, why, delayMs);
    } else {
      this.#giveUp(entry, why, delayMs);
    }
  }

  #retain(
    entry: Entry,
    { notAfterMs }: WorkloadCertificate,
    why: string,
    delayMs: number,
  ): void {
    const nowMs = this.#options.clock.nowMs();
    const retryMs = Math.min(nowMs + delayMs, notAfterMs);
    this.#schedule(entry, retryMs - nowMs);
    this.#options.log.info(
      `certificate renewal failed (${why}); retaining existing valid certificate until ${
        timeText(notAfterMs)
      }; next retry at ${timeText(retryMs)}`,
      { identity: entry.spiffeId },
    );
  }

  #giveUp(entry: Entry, why: string, delayMs: number): void {
    this.#schedule(entry, delayMs);
    this.#options.log.warn(
      `certificate fetch failed (${why}) and no valid existing certificate; will retry in ${
        delayMs / 1000
      }s`,
      { identity: entry.spiffeId },
    );
    this.#change(entry, { at: "unavailable", why });
    settle(entry, (waiter) => waiter.reject(new IssueError(why)));
  }

  #schedule(entry: Entry, delayMs: number): void {
    const cancel = this.#options.clock.setTimer(delayMs, () => {
      this.#enqueue(entry, "background");
    });
    entry.work = { at: "scheduled", cancel };
  }

  #change(entry: Entry, state: CertificateState): void {
    entry.state = state;
    this.#options.onChange(entry.spiffeId, state);
  }

  #drop(entry: Entry): void {
    this.#entries.delete(entry.spiffeId);
    const { work } = entry;
    const why = new IssueError("the identity is no longer needed");
    if (work.at === "scheduled") work.cancel();
    if (work.at === "issuing") work.abort.abort(why);
    if (work.at === "queued") {
      this.#queue.splice(this.#queue.indexOf(entry), 1);
    }
    settle(entry, (waiter) => waiter.reject(why));
    this.#options.onChange(entry.spiffeId, undefined);
  }
}

async function waitFor(
  entry: Entry,
  signal: AbortSignal,
): Promise<WorkloadCertificate> {
  const waiter: Waiter = Promise.withResolvers();
  const stop = () => waiter.reject(signal.reason);
  entry.waiters.add(waiter);
  signal.addEventListener("abort", stop);
  try {
    return await waiter.promise;
  } finally {
    signal.removeEventListener("abort", stop);
    entry.waiters.delete(waiter);
  }
}

function settle({ waiters }: Entry, how: (waiter: Waiter) => void): void {
  for (const waiter of waiters) how(waiter);
  waiters.clear();
}

const timeText = (ms: number) => new Date(ms).toISOString();
