import type { Logger } from "../telemetry/log.ts";

/** Logs each warning when it first comes up, however often it is found again. */
export class WarningLog {
  readonly #log: Pick<Logger, "warn">;
  #known: ReadonlySet<string> = new Set();

  constructor(log: Pick<Logger, "warn">) {
    this.#log = log;
  }

  /** @param warnings All that there are now. */
  put(warnings: Iterable<string>): void {
    const now = new Set(warnings);
    for (const warning of now) {
      if (!this.#known.has(warning)) this.#log.warn(warning);
    }
    this.#known = now;
  }
}
