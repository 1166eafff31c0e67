import assert from "node:assert/strict";
import { AddressIndex } from "../../src/model/address_index.ts";
import { ip } from "../support/sample_mesh.ts";

Deno.test("AddressIndex keeps networks apart, the empty one too", () => {
  const index = new AddressIndex<string>();
  index.add("", ip("10.0.0.1"), "here");
  index.add("net2", ip("10.0.0.1"), "there");
  assert.deepEqual(index.get("", ip("10.0.0.1")), ["here"]);
  assert.deepEqual(index.get("net2", ip("10.0.0.1")), ["there"]);
  assert.deepEqual(index.get("net3", ip("10.0.0.1")), []);
});

Deno.test("AddressIndex finds a mapped IPv6 address as IPv4", () => {
  const index = new AddressIndex<string>();
  index.add("", ip("10.0.0.1"), "pod");
  assert.deepEqual(index.get("", ip("::ffff:10.0.0.1")), ["pod"]);
});

Deno.test("AddressIndex.delete() takes away one value only", () => {
  const index = new AddressIndex<string>();
  index.add("", ip("fd00::1"), "a");
  index.add("", ip("fd00::1"), "b");
  index.delete("", ip("fd00::1"), "a");
  index.delete("net2", ip("fd00::1"), "b");
  assert.deepEqual(index.get("", ip("fd00:0::1")), ["b"]);
  index.delete("", ip("fd00::1"), "b");
  assert.deepEqual(index.get("", ip("fd00::1")), []);
});
