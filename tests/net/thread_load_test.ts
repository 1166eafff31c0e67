import assert from "node:assert/strict";
import { LOAD_WINDOW_MS, THREAD_BUSY_SHARE } from "../../src/net/limits.ts";
import { ThreadLoad } from "../../src/net/thread_load.ts";

/** Clocks that a test turns. */
class Clocks {
  wanted = 0;
  now = 0;

  wantedMs = () => this.wanted;
  nowMs = () => this.now;

  /** So much time went by, a share of which the thread had work. */
  pass(ms: number, share: number): void {
    this.now += ms;
    this.wanted += ms * share;
  }
}

const rows: [name: string, share: number, busy: boolean][] = [
  ["a thread that does nothing is not", 0, false],
  ["one below the mark is not", THREAD_BUSY_SHARE - 0.1, false],
  ["one above the mark is", THREAD_BUSY_SHARE + 0.1, true],
];
for (const [name, share, busy] of rows) {
  Deno.test(`ThreadLoad.isBusy(): ${name}`, () => {
    const clocks = new Clocks();
    const load = new ThreadLoad(clocks);
    clocks.pass(LOAD_WINDOW_MS, share);
    assert.equal(load.isBusy(), busy);
  });
}

Deno.test("ThreadLoad.isBusy() keeps to what it said until a window has passed", () => {
  const clocks = new Clocks();
  const load = new ThreadLoad(clocks);
  clocks.pass(LOAD_WINDOW_MS / 2, 1);
  assert.equal(load.isBusy(), false);
  clocks.pass(LOAD_WINDOW_MS / 2, 1);
  assert.equal(load.isBusy(), true);
  clocks.pass(LOAD_WINDOW_MS / 2, 0);
  assert.equal(load.isBusy(), true);
  clocks.pass(LOAD_WINDOW_MS, 0);
  assert.equal(load.isBusy(), false);
});
