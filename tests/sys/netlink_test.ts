import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeEntry } from "../../src/sys/conntrack.ts";
import {
  aligned,
  decodeMessages,
  encodeRequest,
} from "../../src/sys/netlink.ts";
import { decodeSocket } from "../../src/sys/tcp_sockets.ts";

Deno.test("encodeRequest() puts length, type, flags and number before the payload", () => {
  const payload = Uint8Array.of(1, 2);
  const message = encodeRequest({
    type: 20,
    flags: 0x301,
    sequence: 7,
    payload,
  });
  assert.deepEqual(
    [...message],
    [18, 0, 0, 0, 20, 0, 1, 3, 7, 0, 0, 0, 0, 0, 0, 0, 1, 2],
  );
});

Deno.test("decodeMessages() reads back what encodeRequest() writes, message by message", () => {
  const messages = fc.array(fc.record({
    type: fc.integer({ min: 0, max: 0xffff }),
    payload: fc.uint8Array({ maxLength: 40 }),
  }));
  fc.assert(fc.property(messages, (sent) => {
    const octets = sent.flatMap(({ type, payload }) => {
      const one = encodeRequest({ type, flags: 0, sequence: 0, payload });
      return [...one, ...new Uint8Array(aligned(one.length) - one.length)];
    });
    const read = [...decodeMessages(Uint8Array.from(octets))];
    assert.deepEqual(
      read.map(({ type, payload }) => ({ type, payload: [...payload] })),
      sent.map(({ type, payload }) => ({ type, payload: [...payload] })),
    );
  }));
});

Deno.test("decodeMessages() ends at what is no message, whatever it is", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
    for (const { payload } of decodeMessages(octets)) {
      assert.ok(payload.length <= octets.length - 16);
    }
  }));
});

Deno.test("decodeSocket() takes answers of TCP over IPv4 and IPv6 alone", () => {
  const answer = new Uint8Array(72);
  answer.set([0, 80, 0x1f, 0x90, 10, 0, 0, 1], 4);
  answer.set([10, 0, 0, 2], 24);
  answer[0] = 2;
  const { local, peer } = decodeSocket(answer)!;
  assert.deepEqual([[...local.ip], local.port], [[10, 0, 0, 1], 80]);
  assert.deepEqual([[...peer.ip], peer.port], [[10, 0, 0, 2], 8080]);
  answer[0] = 10;
  assert.equal(decodeSocket(answer)?.local.ip.length, 16);
  answer[0] = 1;
  assert.equal(decodeSocket(answer), undefined);
  assert.equal(decodeSocket(answer.subarray(0, 71)), undefined);
});

Deno.test("encodeEntry() writes both directions and the state, each attribute aligned", () => {
  const at = (last: number, port: number) => ({
    ip: Uint8Array.of(10, 0, 0, last),
    port,
  });
  const entry = encodeEntry({ local: at(1, 80), peer: at(2, 0x1234) });
  assert.equal(entry.length % 4, 0);
  const hex = entry.toHex();
  assert.match(hex, /^02000000/);
  const [one, two] = [
    "080001000a000001080002000a000002",
    "080001000a000002080002000a000001",
  ];
  assert.ok(hex.indexOf(one!) < hex.indexOf(two!) && hex.includes(one!));
  assert.match(hex, /060002000050000006000300123400/);
  assert.match(hex, /080003000000000e/);
});
