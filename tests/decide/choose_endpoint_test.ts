import assert from "node:assert/strict";
import {
  type Choose,
  chooseAtRandom,
  chooseByTurn,
  chooseLeastRequest,
  chooseUntried,
} from "../../src/decide/choose_endpoint.ts";
import { pod, scripted } from "../support/sample_mesh.ts";

const endpoint = (name: string, capacity = 1) => ({
  workload: { ...pod(name, []), capacity },
  ports: {},
});
const [a, b, c] = [endpoint("a"), endpoint("b"), endpoint("c", 2)];
const all = [a, b, c];
const uid = ({ workload }: typeof a) => workload.uid;

/** Names, by chances between 0 and 1. */
const chosen = (
  choose: Choose,
  ...chances: readonly (readonly number[])[]
): (string | undefined)[] =>
  chances.map((chance) => choose(all, scripted(...chance))?.workload.name);

Deno.test("chooseAtRandom() goes by capacity", () => {
  const chances = [[0], [0.24], [0.26], [0.5], [0.99]];
  assert.deepEqual(chosen(chooseAtRandom, ...chances), [..."aabcc"]);
});

Deno.test("chooseLeastRequest() takes the less busy of two", () => {
  const busy = new Map([[uid(a), 3], [uid(b), 1], [uid(c), 4]]);
  const choose = chooseLeastRequest((of) => busy.get(of) ?? 0);
  // First a, then b or c of the rest; first c, then a or b.
  assert.deepEqual(
    chosen(choose, [0, 0], [0, 0.99], [0.99, 0], [0.99, 0.99]),
    ["b", "c", "c", "b"],
  );
  assert.equal(choose([], scripted(0)), undefined);
  assert.equal(choose([a], scripted(0)), a);
  assert.equal(choose([endpoint("none", 0), b], scripted(0)), b);
});

Deno.test("chooseByTurn() gives each its share of a round", () => {
  const turns = [0, 1, 2, 3, 4].map((turn) =>
    chooseByTurn(turn)(all, scripted())?.workload.name
  );
  assert.deepEqual(turns, ["a", "b", "c", "c", "a"]);
  assert.equal(chooseByTurn(3)([], scripted()), undefined);
});

Deno.test("chooseUntried() returns to what was tried only when it must", () => {
  const choose = (...tried: (typeof a)[]) =>
    chooseUntried(chooseAtRandom, new Set(tried.map(uid)));
  assert.equal(choose(a, c)(all, scripted(0.99)), b);
  assert.equal(choose(a, b, c)(all, scripted(0)), a);
});
