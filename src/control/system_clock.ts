import type { CancelTimer, Clock } from "../base/clock.ts";

/** The longest delay that `setTimeout` keeps; anything above fires at once. */
const TIMEOUT_MAX_MS = 2 ** 31 - 1;

/** The machine's own clock and timers. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  setTimer(delayMs, fire) {
    return startTimer(Date.now() + delayMs, fire);
  },
};

function startTimer(dueMs: number, fire: () => void): CancelTimer {
  let id: ReturnType<typeof setTimeout>;
  const wait = () => {
    const restMs = Math.max(0, dueMs - Date.now());
    const last = restMs <= TIMEOUT_MAX_MS;
    id = setTimeout(last ? fire : wait, Math.min(restMs, TIMEOUT_MAX_MS));
  };
  wait();
  return () => clearTimeout(id);
}
