import assert from "node:assert/strict";
import fc from "fast-check";
import type { StreamId } from "../../../src/wire/h2/mod.ts";
import {
  CONNECT,
  Endpoint,
  type Event,
  frame,
  GET,
  join,
  OK,
  POST,
  uint32,
} from "./support.ts";

/** A conversation of a client: every kind of frame, padding, CONTINUATION. */
function clientOctets(): Uint8Array {
  const client = new Endpoint("client");
  const { connection } = client;
  connection.openStream(CONNECT, false);
  connection.sendData(1 as StreamId, new Uint8Array(300).fill(1), false);
  connection.openStream([...GET, ["x-long", "\u00ff".repeat(17_000)]], true);
  connection.openStream(POST, false);
  connection.sendData(5 as StreamId, new Uint8Array(40).fill(5), false);
  connection.sendHeaders(5 as StreamId, [["x-sum", "1"]], true);
  connection.ping(7);
  connection.openStream(CONNECT, false);
  connection.reset(7 as StreamId, 8);
  return join([
    client.takeOctets(),
    frame(2, 0, 9, new Uint8Array(5)),
    frame(0xbb, 1, 2, new Uint8Array(33)),
    frame(0, 8, 1, [3, 1, 2, 3, 0, 0, 0]),
    frame(0, 8, 1, [4, 0, 0, 0, 0]),
    frame(0, 0, 1),
    frame(8, 0, 0, uint32(1000)),
    frame(8, 0, 1, uint32(1000)),
    frame(4, 1, 0),
    frame(0, 8 + 1, 1, [2, 9, 0, 0]),
    frame(7, 0, 0, new Uint8Array(8 + 1_100)),
  ]);
}

/** The conversation's other direction. */
function serverOctets(): Uint8Array {
  const server = new Endpoint("server");
  const { connection } = server;
  connection.receive(clientOctets());
  connection.sendHeaders(3 as StreamId, [[":status", "103"]], false);
  connection.sendHeaders(3 as StreamId, OK, false);
  connection.sendData(3 as StreamId, new Uint8Array(90).fill(3), false);
  connection.sendHeaders(3 as StreamId, [["grpc-status", "0"]], true);
  connection.sendHeaders(1 as StreamId, OK, false);
  connection.sendData(1 as StreamId, new Uint8Array(0), true);
  connection.goAway();
  return server.takeOctets();
}

/** The events, with the pieces of DATA of a stream put together. */
function whole(events: readonly Event[]): Event[] {
  const merged: Event[] = [];
  for (const event of events) {
    const last = merged.at(-1);
    const joins = last !== undefined && last[0] === "data" &&
      event[0] === "data" && last[1] === event[1];
    if (!joins) merged.push(event);
    else merged[merged.length - 1] = mergeData(last, event);
  }
  return merged;
}

function mergeData([name, stream, length]: Event, next: Event): Event {
  return [name, stream, Number(length) + Number(next[2]), next[3]];
}

function replay(role: "client" | "server", pieces: readonly Uint8Array[]) {
  const endpoint = new Endpoint(role);
  if (role === "client") {
    for (const fields of [CONNECT, GET, POST]) {
      endpoint.connection.openStream(fields, fields === GET);
    }
  }
  for (const piece of pieces) {
    assert.equal(endpoint.connection.receive(piece), undefined);
  }
  return {
    events: whole(endpoint.takeEvents()),
    received: endpoint.received,
    output: endpoint.takeOctets(),
  };
}

const sides = [["server", clientOctets], ["client", serverOctets]] as const;
for (const [role, octetsOf] of sides) {
  const octets = octetsOf();
  const expected = replay(role, [octets]);

  Deno.test(`receive() of a ${role} sees the whole conversation`, () => {
    const kinds = new Set(expected.events.map(([name]) => name));
    assert.ok(expected.events.length >= 8);
    for (const kind of ["headers", "data", "goaway"]) {
      assert.ok(kinds.has(kind), kind);
    }
  });

  Deno.test(`receive() of a ${role} does not mind a cut at any place`, () => {
    const step = octets.length > 5_000 ? 7 : 1; // Most is one long value.
    for (let cut = 1; cut < octets.length; cut++) {
      const inside = cut > 800 && cut < octets.length - 2_500;
      if (inside && cut % step !== 0) continue;
      const pieces = [octets.subarray(0, cut), octets.subarray(cut)];
      assert.deepEqual(replay(role, pieces), expected, `cut at ${cut}`);
    }
  });

  Deno.test(`receive() of a ${role} takes single octets`, () => {
    const pieces = Array.from(octets, (octet) => Uint8Array.of(octet));
    assert.deepEqual(replay(role, pieces), expected);
  });

  Deno.test(`receive() of a ${role} takes any pieces`, () => {
    const lengths = fc.array(fc.integer({ min: 0, max: 3_000 }), {
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(lengths, (lengths) => {
        const pieces: Uint8Array[] = [];
        let at = 0;
        for (const length of lengths) {
          pieces.push(octets.subarray(at, at + length));
          at += length;
        }
        pieces.push(octets.subarray(at));
        assert.deepEqual(replay(role, pieces), expected);
      }),
      { numRuns: 50 },
    );
  });
}
