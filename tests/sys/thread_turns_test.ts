import assert from "node:assert/strict";
import { threadId } from "../../src/sys/thread.ts";
import { takeShortTurns } from "../../src/sys/thread_turns.ts";

/** What the scheduler shows of the calling thread; "" where it shows nothing. */
function readScheduling(): string {
  try {
    return Deno.readTextFileSync(`/proc/self/task/${threadId()}/sched`);
  } catch {
    return "";
  }
}

/** In nanoseconds. */
const turnOf = (scheduling: string): number | undefined => {
  const [, turn] = /se\.slice +: +(\d+)/.exec(scheduling) ?? [];
  return turn === undefined ? undefined : Number(turn);
};

Deno.test("takeShortTurns() shortens the thread's turns and nothing else", () => {
  const before = readScheduling();
  assert.equal(takeShortTurns(), 0);
  const after = readScheduling();
  const [, policy] = /policy +: +(\d+)/.exec(before) ?? [];
  const [, weight] = /se\.load\.weight +: +(\d+)/.exec(before) ?? [];
  if (policy !== undefined) {
    assert.match(after, new RegExp(`policy +: +${policy}\\b`));
  }
  if (weight !== undefined) {
    assert.match(after, new RegExp(`load\\.weight +: +${weight}\\b`));
  }
  const turn = turnOf(after);
  // Linux before 6.12 has one turn for all.
  if (turn !== turnOf(before)) assert.equal(turn, 100_000);
  if (isAtLeast(6, 12) && after !== "") assert.equal(turn, 100_000);
});

function isAtLeast(major: number, minor: number): boolean {
  const [a = 0, b = 0] = Deno.osRelease().split(".").map(Number);
  return a > major || (a === major && b >= minor);
}
