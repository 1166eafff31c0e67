import assert from "node:assert/strict";
import fc from "fast-check";
import {
  decodeAck,
  decodeHello,
  decodeRequest,
  encodeAck,
  encodeHello,
  encodeRequest,
  PACKET_MAX_OCTETS,
  ZdsPacketError,
  type ZdsRequest,
} from "../../../src/wire/inpod/mod.ts";

const hex = (text: string) => Uint8Array.fromHex(text.replaceAll(" ", ""));
const pod = { name: "web-0", namespace: "shop", serviceAccount: "web" };

/** Octets as Istio's agent and ztunnel write them. */
const requests: [octets: string, request: ZdsRequest][] = [
  [
    "0a18 0a027531 1212 0a057765622d30 120473686f70 1a03776562",
    { kind: "add", uid: "u1", pod },
  ],
  ["0a04 0a027531", { kind: "add", uid: "u1", pod: undefined }],
  ["1204 12027531", { kind: "delete", uid: "u1" }],
  ["2a04 0a027531", { kind: "keep", uid: "u1" }],
  ["1a00", { kind: "snapshotSent" }],
];
for (const [octets, request] of requests) {
  Deno.test(`decodeRequest() and encodeRequest() agree on ${octets}`, () => {
    assert.deepEqual(decodeRequest(hex(octets)), request);
    assert.deepEqual(encodeRequest(request), hex(octets));
  });
}

Deno.test("encodeHello() is ztunnel's", () => {
  assert.deepEqual(encodeHello(), hex("0801"));
  assert.equal(decodeHello(hex("0801")), 1);
});

const acks: [octets: string, error: string][] = [
  ["0a00", ""],
  ["0a06 0a04 626f6f6d", "boom"],
];
for (const [octets, error] of acks) {
  Deno.test(`decodeAck() and encodeAck() agree on ${octets}`, () => {
    assert.equal(decodeAck(hex(octets)), error);
    assert.deepEqual(encodeAck(error), hex(octets));
  });
}

Deno.test("encodeAck() cuts an error so that it fits a packet, between characters", () => {
  const octets = encodeAck("\u00e9\u20ac".repeat(1_000));
  assert.ok(octets.length <= PACKET_MAX_OCTETS);
  assert.match(decodeAck(octets), /^(\u00e9\u20ac){192}$/);
});

const refused: [name: string, octets: Uint8Array, message: RegExp][] = [
  ["no payload", new Uint8Array(), /^no payload$/],
  ["only a field of the future", hex("3200"), /^no payload$/],
  ["a length beyond the end", hex("0a7f"), /./],
  ["a uid that is no text", hex("0a04 0a02 ffff"), /./],
  ["too many octets", new Uint8Array(1025), /^1025 octets, at most 1024/],
];
for (const [name, octets, message] of refused) {
  Deno.test(`decodeRequest() refuses ${name}`, () => {
    assert.throws(() => decodeRequest(octets), (error) => {
      assert.ok(error instanceof ZdsPacketError);
      assert.match(error.message, message);
      return true;
    });
  });
}

Deno.test("decodeRequest() throws nothing but ZdsPacketError", () => {
  const octets = fc.uint8Array({ maxLength: 64 });
  fc.assert(fc.property(octets, (octets) => {
    try {
      decodeRequest(octets);
    } catch (reason) {
      assert.ok(reason instanceof ZdsPacketError, String(reason));
    }
  }));
});
