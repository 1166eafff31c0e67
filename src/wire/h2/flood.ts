import { connectionError } from "./errors.ts";
import { FLOOD_BUDGETS, type FloodBudget } from "./limits.ts";

/** A kind of frame that costs us and brings nothing. */
export type FloodKind = keyof typeof FLOOD_BUDGETS;

/** Frames left of one budget. */
class Allowance {
  left: number;
  #since: number;

  constructor(readonly budget: FloodBudget, now: number) {
    this.left = budget.burst;
    this.#since = now;
  }

  /** Adds what has been regained since the last call. */
  refill(now: number): void {
    const { burst, perSecond } = this.budget;
    const gain = Math.floor((now - this.#since) * perSecond / 1000);
    if (gain <= 0) return;
    this.left = Math.min(burst, this.left + gain);
    this.#since = now;
  }
}

/** Keeps a peer from costing more than it brings (RFC 9113, section 10.5). */
export class FloodGuard {
  readonly #now: () => number;
  readonly #allowances: Readonly<Record<FloodKind, Allowance>>;

  constructor(now: () => number) {
    this.#now = now;
    const start = now();
    const allow = (kind: FloodKind) =>
      new Allowance(FLOOD_BUDGETS[kind], start);
    this.#allowances = {
      reset: allow("reset"),
      ping: allow("ping"),
      settings: allow("settings"),
      emptyData: allow("emptyData"),
      windowUpdate: allow("windowUpdate"),
      ignored: allow("ignored"),
    };
  }

  /**
   * Counts one frame. The clock is read only when the allowance is used up.
   *
   * @throws {H2Error} ENHANCE_YOUR_CALM of the connection when none is left.
   */
  spend(kind: FloodKind): void {
    const allowance = this.#allowances[kind];
    if (allowance.left < 1) allowance.refill(this.#now());
    if (allowance.left < 1) {
      throw connectionError("ENHANCE_YOUR_CALM", `too many frames: ${kind}`);
    }
    allowance.left--;
  }

  /** Gives frames back for useful work. */
  earn(kind: FloodKind, frames: number): void {
    const allowance = this.#allowances[kind];
    const left = allowance.left + frames;
    allowance.left = Math.min(allowance.budget.burst, left);
  }
}
