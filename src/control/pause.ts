import type { Clock } from "../base/clock.ts";

/** Resolves after a time, or at the signal, whichever is first. Never rejects. */
export function pause(
  clock: Clock,
  delayMs: number,
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.setTimer(delayMs, end);
    signal?.addEventListener("abort", end);
    if (signal?.aborted) end();
    function end() {
      cancel();
      signal?.removeEventListener("abort", end);
      resolve();
    }
  });
}
