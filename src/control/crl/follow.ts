import { messageOf } from "../../base/errors.ts";
import type { Logger } from "../../telemetry/log.ts";
import { readCrlFile } from "../../wire/crl/mod.ts";
import { PathWatch, type WatchTimes } from "../watch_paths.ts";
import { CRL_DEBOUNCE_MS, CRL_POLL_MS } from "./limits.ts";

export interface CrlOptions {
  readonly path: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** The lists now, each in DER. */
  onChange(crls: readonly Uint8Array[]): void;
  /** Default {@link CRL_DEBOUNCE_MS} and {@link CRL_POLL_MS}. */
  readonly times?: WatchTimes;
}

/**
 * Reads the file of revocation lists, and again whenever it may have changed,
 * until `signal`. A file that is missing or does not read leaves the lists as
 * they were; at the start there are none.
 */
export class CrlFile {
  readonly #options: CrlOptions;
  #last: Uint8Array | undefined;
  #failure: string | undefined;

  /** Has read the file once when it returns. */
  constructor(options: CrlOptions) {
    this.#options = options;
    const watch = new PathWatch([options.path]);
    this.#read("failed to initialize crl manager");
    void this.#follow(watch);
  }

  async #follow(watch: PathWatch): Promise<void> {
    const { signal, times } = this.#options;
    using _watch = watch;
    const wait = times ??
      { debounceMs: CRL_DEBOUNCE_MS, pollMs: CRL_POLL_MS };
    while (!signal.aborted) {
      await watch.changed(wait, signal);
      if (!signal.aborted) this.#read("failed to reload crl");
    }
  }

  /** @param failure What to say of a file that does not read. */
  #read(failure: string): void {
    const { path, log, onChange } = this.#options;
    try {
      const octets = Deno.readFileSync(path);
      const lists = readCrlFile(octets).map(({ der }) => der);
      this.#failure = undefined;
      if (isSame(octets, this.#last)) return;
      this.#last = octets;
      onChange(lists);
      log.info("crl loaded", { path, lists: lists.length });
    } catch (reason) {
      const missing = reason instanceof Deno.errors.NotFound;
      this.#warn(
        missing
          ? "crl file not found, will retry on first validation"
          : failure,
        messageOf(reason),
      );
    }
  }

  /** Once for each way to fail. */
  #warn(message: string, error: string): void {
    if (error === this.#failure) return;
    this.#failure = error;
    const { log, path } = this.#options;
    log.warn(message, { path, error });
  }
}

const isSame = (a: Uint8Array, b: Uint8Array | undefined): boolean =>
  a.length === b?.length && a.every((octet, i) => octet === b[i]);
