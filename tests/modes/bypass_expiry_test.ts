import assert from "node:assert/strict";
import type { Clock } from "../../src/base/clock.ts";
import type { KubeObject, PodObject } from "../../src/kube/mod.ts";
import { BypassExpiry } from "../../src/modes/bypass_expiry.ts";
import { parsed, pod } from "../kube/objects.ts";

const KEY = "hairpin.dev/bypass-capture";

/** Time that passes by hand. */
class HeldClock implements Clock {
  nowAt = 0;
  readonly #timers = new Set<{ dueMs: number; fire(): void }>();

  nowMs(): number {
    return this.nowAt;
  }

  setTimer(delayMs: number, fire: () => void) {
    const timer = { dueMs: this.nowAt + delayMs, fire };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  pass(toMs: number): void {
    this.nowAt = toMs;
    for (const timer of [...this.#timers]) {
      if (timer.dueMs > toMs) continue;
      this.#timers.delete(timer);
      timer.fire();
    }
  }

  get waiting(): number {
    return this.#timers.size;
  }
}

const until = (name: string, atMs: number) =>
  pod(name, "10.0.0.1", {
    annotations: { [KEY]: new Date(atMs).toISOString() },
  });

const bypassing = (objects: readonly KubeObject[] | undefined) =>
  objects?.filter((object) =>
    (object as PodObject).metadata.annotations[KEY] !== undefined
  ).map(({ metadata }) => metadata.name);

Deno.test("BypassExpiry tells again when a bypass is over, and no more after the last", () => {
  const clock = new HeldClock();
  const told: (readonly KubeObject[])[] = [];
  using expiry = new BypassExpiry(clock, (objects) => told.push(objects));
  expiry.put(parsed(until("a", 1_000), until("b", 5_000)));
  assert.deepEqual(bypassing(told.at(-1)), ["a", "b"]);
  clock.pass(999);
  assert.equal(told.length, 1);
  clock.pass(1_000);
  assert.deepEqual(bypassing(told.at(-1)), ["b"]);
  clock.pass(5_000);
  assert.deepEqual(bypassing(told.at(-1)), []);
  assert.deepEqual([told.length, clock.waiting], [3, 0]);
});

Deno.test("BypassExpiry forgets what is not asked for any more", () => {
  const clock = new HeldClock();
  let told = 0;
  const expiry = new BypassExpiry(clock, () => told++);
  expiry.put(parsed(until("a", 1_000)));
  expiry.put(parsed(until("a", 9_000)));
  clock.pass(1_000);
  assert.equal(told, 2);
  expiry[Symbol.dispose]();
  clock.pass(9_000);
  assert.equal(told, 2);
});
