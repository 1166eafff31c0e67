/** Ends a timer before it fires; harmless afterwards. */
export type CancelTimer = () => void;

/** Time as an argument, so that a test can hold it still. */
export interface Clock {
  /** Wall clock, milliseconds since 1970. */
  nowMs(): number;
  /**
   * Calls `fire` once, no sooner than `delayMs` from now and never within this
   * call. Any delay is allowed, also one longer than a month.
   */
  setTimer(delayMs: number, fire: () => void): CancelTimer;
}
