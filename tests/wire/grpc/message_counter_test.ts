import assert from "node:assert/strict";
import fc from "fast-check";
import { MessageCounter } from "../../../src/wire/grpc/message_counter.ts";
import { frameMessage } from "../../../src/wire/grpc/mod.ts";

const joined = (parts: readonly Uint8Array[]) =>
  Uint8Array.from(parts.flatMap((part) => [...part]));

Deno.test("MessageCounter counts messages however they are cut", () => {
  fc.assert(fc.property(
    fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 }),
    fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 8 }),
    (messages, sizes) => {
      const octets = joined(messages.map(frameMessage));
      const counter = new MessageCounter();
      for (let at = 0, piece = 0; at < octets.length; piece++) {
        const size = sizes[piece % sizes.length]!;
        counter.add(octets.subarray(at, at + size));
        at += size;
      }
      assert.equal(counter.count, messages.length);
    },
  ));
});

Deno.test("MessageCounter counts a message when its prefix is whole", () => {
  const counter = new MessageCounter();
  counter.add(Uint8Array.of(0, 0, 0, 0));
  assert.equal(counter.count, 0);
  counter.add(Uint8Array.of(9));
  assert.equal(counter.count, 1);
  counter.add(new Uint8Array(9));
  assert.equal(counter.count, 1);
});
