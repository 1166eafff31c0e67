import { deepEqual, equal } from "node:assert/strict";
import {
  addressMemory,
  intArgument,
  intResult,
  putAddress,
  sizeArgument,
} from "../../src/sys/call_memory.ts";
import { encodeSockaddr } from "../../src/sys/socket_address.ts";

Deno.test("intArgument() holds a negative value until the next one", () => {
  intArgument(7);
  const octets = intArgument(-2);
  deepEqual([...octets], [0xfe, 0xff, 0xff, 0xff]);
  equal(intResult(), -2);
});

Deno.test("sizeArgument() is apart from intArgument()", () => {
  const value = intArgument(1);
  const size = sizeArgument(28);
  deepEqual([[...value], [...size]], [[1, 0, 0, 0], [28, 0, 0, 0]]);
});

Deno.test("putAddress() leaves nothing of a longer address before", () => {
  putAddress(new Uint8Array(16).fill(0xff), 65_535);
  const ip = Uint8Array.of(10, 0, 0, 1);
  const written = addressMemory.subarray(0, putAddress(ip, 80));
  deepEqual([...written], [...encodeSockaddr(ip, 80)]);
});
