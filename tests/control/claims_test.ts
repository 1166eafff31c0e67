import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Claims,
  HOLDS,
  merge,
  type Step,
} from "../../src/control/claims.ts";

const key = fc.constantFrom("a", "b", "c");
const steps = fc.array(
  fc.record({
    source: fc.nat({ max: 2 }),
    put: fc.array(fc.tuple(key, fc.constantFrom("1", "2", "3"))),
    remove: fc.array(key, { maxLength: 2 }),
  }),
  { maxLength: 40 },
);

/** Sources, and what holds, by the obvious means. */
class Model {
  readonly #said = [0, 1, 2].map(() => new Map<string, string>());
  readonly holding = new Map<string, string>();
  readonly #holder = new Map<string, number>();

  take(source: number, { put, remove }: Step<string>): void {
    const own = this.#said[source];
    for (const [key, item] of put) {
      if (own?.get(key) === item) continue;
      own?.set(key, item);
      this.#hold(source, key, item);
    }
    for (const key of remove) {
      own?.delete(key);
      if (this.#holder.get(key) !== source) continue;
      this.#holder.delete(key);
      this.holding.delete(key);
      const heir = this.#said.findLastIndex((said) => said.has(key));
      const item = this.#said[heir]?.get(key);
      if (item !== undefined) this.#hold(heir, key, item);
    }
  }

  #hold(source: number, key: string, item: string): void {
    this.holding.set(key, item);
    this.#holder.set(key, source);
  }
}

Deno.test("merge() lets hold what sources say, the newest word first", () => {
  fc.assert(fc.property(steps, (steps) => {
    const model = new Model();
    const holding = new Map<string, string>();
    const sources: Claims<string>[] = [0, 1, 2].map(() => new Map());
    for (const { source, ...step } of steps) {
      const own = sources[source] ?? new Map();
      const others = sources.filter((claims) => claims !== own);
      const change = merge(own, others, (key) => holding.get(key), {
        put: step.put.map(([key, item]) => [key, `${key}${item}`]),
        remove: step.remove,
      });
      for (const item of change.put) holding.set(item[0] ?? "", item);
      for (const key of change.removed) holding.delete(key);
      model.take(source, {
        put: step.put.map(([key, item]) => [key, `${key}${item}`]),
        remove: step.remove,
      });
      assert.deepEqual(holding, model.holding);
      for (const key of holding.keys()) {
        const holders = sources.filter((claims) => claims.get(key) === HOLDS);
        assert.equal(holders.length, 1);
      }
    }
  }));
});

Deno.test("merge() lets nothing go further that was said before", () => {
  const own: Claims<string> = new Map([["a", HOLDS], ["b", "old"]]);
  const other: Claims<string> = new Map([["b", HOLDS]]);
  const holding = new Map([["a", "1"], ["b", "new"]]);
  const change = merge(own, [other], (key) => holding.get(key), {
    put: [["a", "1"], ["b", "old"]],
    remove: ["c"],
  });
  assert.deepEqual(change, { put: [], removed: [] });
});
