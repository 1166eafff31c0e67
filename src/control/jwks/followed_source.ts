/** The keys of one remote source, kept fresh in the background. */
import type { CancelTimer, Clock } from "../../base/clock.ts";
import { HairpinError, messageOf } from "../../base/errors.ts";
import type { KeyReport, KeyState } from "../../model/key_set.ts";
import { type Fetch, fetchKeys, type RemoteKeySource } from "./fetch_keys.ts";
import { MISS_REFETCH_MS, REFRESH_MS, RETRY_MS } from "./limits.ts";
import { parseKeys } from "./parse_keys.ts";

export interface KeyFetching {
  readonly fetch: Fetch;
  readonly clock: Clock;
  /** Told of each fetch that failed, on one line. */
  readonly onFailure: (message: string) => void;
}

/** Fetches at once, and again at intervals until it is disposed; the last good set stays. */
export class FollowedSource implements Disposable {
  readonly #source: RemoteKeySource;
  readonly #context: KeyFetching;
  readonly #stop = new AbortController();
  readonly #first = Promise.withResolvers<KeyState>();
  #state: KeyState | undefined;
  /** The text of the set that is held, to tell whether another differs. */
  #text: string | undefined;
  #failures = 0;
  #isFetching = false;
  #fetchedAtMs = 0;
  /** When a usable set last came. */
  #cameAtMs: number | undefined;
  /** Why the last fetch failed; undefined when it did not. */
  #why: string | undefined;
  #cancelTimer: CancelTimer = () => {};

  constructor(source: RemoteKeySource, context: KeyFetching) {
    this.#source = source;
    this.#context = context;
    void this.#fetch();
  }

  /** The keys, or a promise of what the first fetch will bring. */
  get state(): KeyState | Promise<KeyState> {
    return this.#state ?? this.#first.promise;
  }

  get report(): KeyReport {
    const state = this.#state;
    return {
      source: this.#source,
      state: state?.kind ?? "fetching",
      count: state?.kind === "keys" ? state.set.keys.length : 0,
      ...this.#why !== undefined && { why: this.#why },
      ...this.#cameAtMs !== undefined && { fetchedAtMs: this.#cameAtMs },
    };
  }

  /** Fetches now, unless that was done a short time ago. */
  missed(): void {
    const sinceMs = this.#context.clock.nowMs() - this.#fetchedAtMs;
    if (this.#isFetching || sinceMs < MISS_REFETCH_MS) return;
    this.#cancelTimer();
    void this.#fetch();
  }

  [Symbol.dispose](): void {
    this.#cancelTimer();
    this.#stop.abort();
    this.#settle({ kind: "unfetched", why: "no longer followed" });
  }

  async #fetch(): Promise<void> {
    const { clock, onFailure } = this.#context;
    this.#isFetching = true;
    this.#fetchedAtMs = clock.nowMs();
    try {
      this.#take(await this.#fetchInTime());
      this.#failures = 0;
      this.#why = undefined;
      this.#cameAtMs = clock.nowMs();
    } catch (reason) {
      this.#failures++;
      if (this.#stop.signal.aborted) return;
      this.#why = messageOf(reason);
      this.#settle({ kind: "unfetched", why: this.#why });
      onFailure(this.#why);
    } finally {
      this.#isFetching = false;
      this.#schedule();
    }
  }

  /** The limit counts for discovery and fetch together, and ends a body that trickles. */
  async #fetchInTime(): Promise<string> {
    const { fetch, clock } = this.#context;
    const { timeoutMs } = this.#source;
    const limit = new AbortController();
    const cancel = clock.setTimer(timeoutMs, () => {
      limit.abort(new KeyFetchTimeout(timeoutMs));
    });
    const signal = AbortSignal.any([limit.signal, this.#stop.signal]);
    // A fetch that does not heed its signal must not hold this one up.
    const ended = Promise.withResolvers<never>();
    signal.addEventListener("abort", () => ended.reject(signal.reason));
    try {
      const fetched = fetchKeys(this.#source, fetch, signal);
      return await Promise.race([fetched, ended.promise]);
    } finally {
      cancel();
    }
  }

  /** @throws {KeySetError} when it is no key set; one that is held stays. */
  #take(text: string): void {
    if (text === this.#text) return;
    const state = parseKeys(text);
    if (state.kind === "keys") {
      this.#text = text;
      this.#state = state;
      this.#settle(state);
      return;
    }
    if (this.#state?.kind !== "keys") this.#state = state;
    this.#settle(state);
    throw new KeySetError(this.#source, state.why);
  }

  /** Says what the first fetch came to. */
  #settle(state: KeyState): void {
    this.#state ??= state;
    this.#first.resolve(this.#state);
  }

  #schedule(): void {
    if (this.#stop.signal.aborted) return;
    const delayMs = this.#failures === 0
      ? REFRESH_MS
      : Math.min(REFRESH_MS, RETRY_MS * 2 ** (this.#failures - 1));
    this.#cancelTimer = this.#context.clock.setTimer(delayMs, () => {
      void this.#fetch();
    });
  }
}

class KeyFetchTimeout extends HairpinError {
  readonly code = "DIAL";

  constructor(timeoutMs: number) {
    super(`Cannot fetch keys: no answer in ${timeoutMs} ms`);
  }
}

class KeySetError extends HairpinError {
  readonly code = "PROTOCOL";

  constructor(source: RemoteKeySource, why: string) {
    const name = source.kind === "uri" ? source.uri : source.issuer;
    super(`Cannot use the keys of "${name}": the answer ${why}`);
  }
}
