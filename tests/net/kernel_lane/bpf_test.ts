import assert from "node:assert/strict";
import {
  attachVerdict,
  createMap,
  deleteFromMap,
  loadVerdictProgram,
  lookUpInMap,
  updateMap,
} from "../../../src/sys/bpf/bpf.ts";
import { BpfError } from "../../../src/sys/bpf/errors.ts";
import {
  assemble,
  exit,
  move,
  set,
} from "../../../src/sys/bpf/instructions.ts";
import { MappedMemory } from "../../../src/sys/bpf/mapped_memory.ts";
import { closeFd } from "../../../src/sys/libc.ts";

/** An array of two entries of 8 octets. */
const makeArray = () =>
  createMap({ type: "array", keySize: 4, valueSize: 8, entriesMax: 2 });

const key = (index: number) => new Uint8Array(Uint32Array.of(index).buffer);

Deno.test("MappedMemory shows a map's values, both ways", () => {
  const map = makeArray();
  using memory = new MappedMemory(map, { length: 16, writable: true });
  const numbers = new BigUint64Array(memory.octets);
  updateMap(map, key(1), new Uint8Array(BigUint64Array.of(77n).buffer));
  assert.equal(numbers[1], 77n);
  numbers[0] = 5n;
  const value = new Uint8Array(8);
  assert.equal(lookUpInMap(map, key(0), value), true);
  assert.equal(new BigUint64Array(value.buffer)[0], 5n);
  closeFd(map);
});

Deno.test("deleteFromMap() says whether there was something", () => {
  const map = createMap({
    type: "hash",
    keySize: 4,
    valueSize: 8,
    entriesMax: 2,
  });
  updateMap(map, key(9), new Uint8Array(8));
  assert.deepEqual(
    [deleteFromMap(map, key(9)), deleteFromMap(map, key(9))],
    [true, false],
  );
  assert.equal(lookUpInMap(map, key(9), new Uint8Array(8)), false);
  closeFd(map);
});

Deno.test("updateMap() names a map that is full", () => {
  const map = createMap({
    type: "hash",
    keySize: 4,
    valueSize: 8,
    entriesMax: 1,
  });
  updateMap(map, key(1), new Uint8Array(8));
  assert.throws(
    () => updateMap(map, key(2), new Uint8Array(8)),
    (reason) => reason instanceof BpfError && reason.errno === 7,
  );
  closeFd(map);
});

Deno.test("loadVerdictProgram() says what the verifier has against it", () => {
  const readsNothing = assemble([move(0, 9), exit()]);
  assert.throws(
    () => loadVerdictProgram(readsNothing),
    (reason) => reason instanceof BpfError && /R9 !read_ok/.test(reason.said),
  );
});

Deno.test("attachVerdict() takes a map of sockets and no other", () => {
  const program = loadVerdictProgram(assemble([set(0, 1), exit()]));
  const sockets = createMap({
    type: "sockmap",
    keySize: 4,
    valueSize: 8,
    entriesMax: 2,
  });
  const array = makeArray();
  attachVerdict(sockets, program);
  assert.throws(() => attachVerdict(array, program), BpfError);
  for (const fd of [program, sockets, array]) closeFd(fd);
});
