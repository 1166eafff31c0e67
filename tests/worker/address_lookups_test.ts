import assert from "node:assert/strict";
import { EMPTY_DELTA } from "../../src/model/delta.ts";
import { type MeshReader, MeshState } from "../../src/model/mesh_state.ts";
import { LookupError } from "../../src/proxy/look_up.ts";
import { AddressLookups } from "../../src/worker/address_lookups.ts";
import { LOOKUP_ROUNDS_MAX } from "../../src/worker/limits.ts";
import { ip, pod } from "../support/sample_mesh.ts";

function setUp() {
  const mesh = new MeshState();
  const asked: string[] = [];
  const lookups = new AddressLookups(mesh, (name) => asked.push(name));
  return { mesh, asked, lookups };
}

const cart = pod("cart", ["10.0.0.1"]);
const nameAt = (address: string) => (mesh: MeshReader) =>
  mesh.workloadByIp("", ip(address))?.name;

Deno.test("AddressLookups decides at once when all is there", async () => {
  const { mesh, asked, lookups } = setUp();
  mesh.apply({ ...EMPTY_DELTA, workloads: [cart] });
  assert.equal(await lookups.settle(nameAt("10.0.0.1")), "cart");
  assert.deepEqual(asked, []);
});

Deno.test("AddressLookups asks once for all who miss a thing, and decides anew", async () => {
  const { mesh, asked, lookups } = setUp();
  const deciding = [1, 2].map(() => lookups.settle(nameAt("10.0.0.1")));
  assert.deepEqual(asked, ["/10.0.0.1"]);
  mesh.apply({ ...EMPTY_DELTA, workloads: [cart] });
  lookups.answer("/10.0.0.1", undefined);
  assert.deepEqual(await Promise.all(deciding), ["cart", "cart"]);
});

Deno.test("AddressLookups asks no second time for what does not exist", async () => {
  const { asked, lookups } = setUp();
  const deciding = lookups.settle(nameAt("10.0.0.9"));
  lookups.answer("/10.0.0.9", undefined);
  assert.equal(await deciding, undefined);
  assert.equal(await lookups.settle(nameAt("10.0.0.9")), undefined);
  assert.deepEqual(asked, ["/10.0.0.9"]);
});

Deno.test("AddressLookups follows from one answer to the next question", async () => {
  const { asked, lookups } = setUp();
  const deciding = lookups.settle((mesh) => {
    const first = mesh.serviceByKey("a/first");
    return asked.length > 0 && first === undefined
      ? mesh.serviceByKey("a/second")
      : first;
  });
  lookups.answer("a/first", undefined);
  while (asked.length < 2) await Promise.resolve();
  lookups.answer("a/second", undefined);
  assert.equal(await deciding, undefined);
  assert.deepEqual(asked, ["a/first", "a/second"]);
});

Deno.test("AddressLookups fails when nobody can say, and asks again later", async () => {
  const { asked, lookups } = setUp();
  for (let times = 0; times < 2; times++) {
    const deciding = lookups.settle(nameAt("10.0.0.9"));
    lookups.answer("/10.0.0.9", "no answer in 5000 ms");
    await assert.rejects(deciding, (reason) => {
      assert.ok(reason instanceof LookupError);
      assert.equal(reason.message, "no answer in 5000 ms");
      return true;
    });
  }
  assert.deepEqual(asked, ["/10.0.0.9", "/10.0.0.9"]);
  lookups.answer("/10.9.9.9", "nobody waits for this one");
});

Deno.test("AddressLookups ends a decision that never has enough", async () => {
  const { asked, lookups } = setUp();
  const deciding = lookups.settle((mesh) =>
    mesh.serviceByKey(`a/${asked.length}`)
  );
  const ended = assert.rejects(deciding, /more than 16 lookups in a row/);
  for (let round = 0; round < LOOKUP_ROUNDS_MAX; round++) {
    while (asked.length <= round) await Promise.resolve();
    lookups.answer(asked[round]!, undefined);
  }
  await ended;
  assert.equal(asked.length, LOOKUP_ROUNDS_MAX);
});
