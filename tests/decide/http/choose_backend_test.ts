import assert from "node:assert/strict";
import {
  chooseBackend,
  chooseMirrors,
} from "../../../src/decide/http/choose_backend.ts";
import type { Mirror } from "../../../src/model/http_filters.ts";
import { scripted } from "../../support/sample_mesh.ts";
import { backend } from "./routes.ts";

const v1 = backend("v1", { weight: 70 });
const v2 = backend("v2", { weight: 30 });
const v3 = backend("v3", { weight: 0 });

Deno.test("chooseBackend() follows the weights: 70, 30 and 0 of 100", () => {
  const counts = new Map<unknown, number>();
  for (let turn = 0; turn < 500; turn++) {
    const chosen = chooseBackend([v1, v2, v3], () => turn / 500);
    counts.set(chosen, (counts.get(chosen) ?? 0) + 1);
  }
  assert.deepEqual(counts, new Map([[v1, 350], [v2, 150]]));
});

Deno.test("chooseBackend() chooses none without weight, and none of none", () => {
  assert.equal(chooseBackend([v3], () => 0), undefined);
  assert.equal(chooseBackend([], () => 0), undefined);
});

const mirror = (service: string, share: number): Mirror => ({
  target: { kind: "service", service, port: 80 },
  share,
});
const names = (mirrors: Mirror[], ...chances: number[]) =>
  chooseMirrors(mirrors, scripted(...chances)).map(({ service }) => service);

Deno.test("chooseMirrors() gives each mirror its own chance", () => {
  const mirrors = [mirror("a", 0.5), mirror("b", 0.5), mirror("c", 1)];
  assert.deepEqual(names(mirrors, 0.4, 0.6, 0.99), ["a", "c"]);
  assert.deepEqual(names(mirrors, 0.5, 0.1, 0), ["b", "c"]);
});

Deno.test("chooseMirrors() sends nothing to a share of 0 or to what is not there", () => {
  const target = { kind: "invalid", because: "no such service" } as const;
  assert.deepEqual(names([mirror("a", 0), { target, share: 1 }], 0, 0), []);
});
