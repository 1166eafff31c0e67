import assert from "node:assert/strict";
import fc from "fast-check";
import { H2Code, type StreamId } from "../../../src/wire/h2/mod.ts";
import {
  CONNECT,
  Endpoint,
  frame,
  framesOf,
  join,
  OK,
  Pair,
} from "./support.ts";

const WINDOW = 70_000;

/** One thing that a raw client, or the server's application, does. */
type Step =
  | { do: "open" }
  | {
    do: "data";
    pick: number;
    length: number;
    pad: number;
    end: boolean;
    frames: number;
  }
  | { do: "peerReset" | "reset" | "respond" | "goAway"; pick: number }
  | { do: "release"; pick: number; part: number };

const pick = fc.nat(9);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.constant({ do: "open" as const }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("data" as const),
      pick,
      length: fc.oneof(fc.nat(20), fc.nat(9_000)),
      pad: fc.constantFrom(-1, 0, 7, 255),
      end: fc.nat(7).map((n) => n === 0),
      frames: fc.integer({ min: 1, max: 20 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom("peerReset", "reset", "respond", "goAway"),
      pick,
    }) as fc.Arbitrary<Step>,
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("release" as const),
      pick,
      part: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
);

/** A server fed by hand, and the accounts of both its neighbours. */
class Books {
  readonly server = new Endpoint("server", {
    connectionWindow: WINDOW,
    streamWindow: WINDOW,
  });
  readonly opener = new Endpoint("client");
  readonly ids: StreamId[] = [];
  readonly #answered = new Set<StreamId>();
  /** What the peer may send: its sum of increments less what it sent. */
  window = 65_535;
  /** What the application was given and has not released, by stream. */
  readonly held = new Map<StreamId, number>();

  constructor() {
    this.#feed(this.opener.takeOctets());
    this.opener.connection.receive(this.#read());
    this.#feed(frame(4, 1, 0));
    this.server.react = ([name, stream, length]) => {
      const id = stream as StreamId;
      if (name === "data") {
        this.held.set(id, this.heldBy(id) + Number(length));
      }
      if (name === "reset") this.held.delete(id);
    };
  }

  heldBy(id: StreamId): number {
    return this.held.get(id) ?? 0;
  }

  run(step: Step): void {
    const { connection } = this.server;
    if (step.do === "open") return this.#open();
    const id = this.ids[step.pick % Math.max(1, this.ids.length)];
    if (id === undefined) return;
    switch (step.do) {
      case "data":
        for (let left = step.frames; left > 0; left--) {
          this.#send(id, { ...step, end: step.end && left === 1 });
        }
        return;
      case "peerReset":
        return this.#feed(frame(3, 0, id, [0, 0, 0, 8]));
      case "reset":
        this.held.delete(id);
        return connection.reset(id, H2Code.CANCEL);
      case "goAway":
        return connection.goAway();
      case "respond":
        if (step.pick % 2 === 0 && !this.#answered.has(id)) {
          this.#answered.add(id);
          connection.sendHeaders(id, OK, true);
        }
        return;
      case "release": {
        const octets = Math.floor(this.heldBy(id) * step.part);
        this.held.set(id, this.heldBy(id) - octets);
        return connection.release(id, octets);
      }
    }
  }

  #open(): void {
    const id = this.opener.connection.openStream(CONNECT, false);
    if (id === undefined) return;
    this.ids.push(id);
    this.#feed(this.opener.takeOctets());
  }

  #send(id: StreamId, step: Step & { do: "data" }): void {
    const padding = step.pad < 0 ? 0 : 1 + step.pad;
    const length = step.length + padding;
    if (length > this.window) return;
    const payload = new Uint8Array(length);
    if (padding > 0) payload[0] = step.pad;
    this.window -= length;
    const flags = (padding > 0 ? 8 : 0) | (step.end ? 1 : 0);
    this.#feed(frame(0, flags, id, payload));
  }

  #feed(octets: Uint8Array): void {
    assert.equal(this.server.connection.receive(octets), undefined);
  }

  /** Takes the output, and the credit in it. */
  #read(): Uint8Array {
    const octets = this.server.takeOctets();
    for (const { type, stream, payload } of framesOf(octets)) {
      if (type !== 8 || stream !== 0) continue;
      this.window += new DataView(payload.buffer).getUint32(0);
    }
    return octets;
  }

  /** What is neither allowed to the peer nor held: due, but not announced. */
  due(): number {
    this.#read();
    const held = [...this.held.values()].reduce((a, b) => a + b, 0);
    return WINDOW - this.window - held;
  }
}

Deno.test("the connection's window is conserved through DATA, padding, RST and GOAWAY", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const books = new Books();
      for (const step of steps) {
        books.run(step);
        const due = books.due();
        assert.ok(due >= 0, `${-due} octets given back twice`);
        assert.ok(due < WINDOW / 2, `${due} octets not given back`);
      }
    }),
    { numRuns: 300 },
  );
});

/** What one end of a pair does next. */
type Move = {
  from: "client" | "server";
  stream: number;
  octets: number;
  then: "nothing" | "end" | "reset" | "release" | "settle";
};

const move: fc.Arbitrary<Move> = fc.record({
  from: fc.constantFrom("client", "server"),
  stream: fc.nat(3),
  octets: fc.nat(60_000),
  then: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom("nothing", "release", "settle") },
    { weight: 1, arbitrary: fc.constantFrom("end", "reset") },
  ),
}) as fc.Arbitrary<Move>;

/** One end that queues what the windows do not take, as a relay would. */
class Relay {
  readonly queued = new Map<StreamId, number>();
  readonly ended = new Set<StreamId>();
  readonly given = new Map<StreamId, number>();
  readonly heldHere = new Map<StreamId, number>();
  readonly lost = new Set<StreamId>();

  constructor(readonly end: Endpoint) {
    end.react = ([name, stream, length]) => {
      const id = stream as StreamId;
      if (name === "writable") this.pump(id);
      if (name === "reset") this.lost.add(id);
      if (name === "data") add(this.heldHere, id, Number(length));
    };
  }

  send(id: StreamId, octets: number): void {
    if (this.ended.has(id) || this.lost.has(id)) return;
    add(this.given, id, octets);
    add(this.queued, id, octets);
    this.pump(id);
  }

  finish(id: StreamId): void {
    if (this.ended.has(id) || this.lost.has(id)) return;
    this.ended.add(id);
    this.pump(id);
  }

  pump(id: StreamId): void {
    if (this.lost.has(id)) return;
    const rest = this.queued.get(id) ?? 0;
    const octets = new Uint8Array(rest);
    const taken = this.end.connection.sendData(id, octets, this.ended.has(id));
    this.queued.set(id, rest - taken);
  }

  reset(id: StreamId): void {
    this.lost.add(id);
    this.end.connection.reset(id, H2Code.CANCEL);
  }

  releaseAll(): void {
    for (const [id, octets] of this.heldHere) {
      this.end.connection.release(id, octets);
    }
    this.heldHere.clear();
  }
}

function add(to: Map<StreamId, number>, id: StreamId, octets: number): void {
  to.set(id, (to.get(id) ?? 0) + octets);
}

Deno.test("everything sent arrives once all is released, whatever was reset", () => {
  const windows = fc.record({
    streamWindow: fc.integer({ min: 1, max: 100_000 }),
    connectionWindow: fc.integer({ min: 65_535, max: 120_000 }),
  });
  const moves = fc.array(move, { maxLength: 60 });
  fc.assert(
    fc.property(windows, windows, moves, (client, server, moves) => {
      const pair = new Pair({ client, server });
      const ids = Array.from(
        { length: 4 },
        () => pair.client.connection.openStream(CONNECT, false)!,
      );
      pair.settle();
      for (const id of ids) pair.server.connection.sendHeaders(id, OK, false);
      pair.settle();
      const ends = {
        client: new Relay(pair.client),
        server: new Relay(pair.server),
      };
      for (const { from, stream, octets, then } of moves) {
        const relay = ends[from];
        const id = ids[stream]!;
        relay.send(id, octets);
        if (then === "end") relay.finish(id);
        if (then === "reset") relay.reset(id);
        if (then === "release") relay.releaseAll();
        if (then === "settle") pair.settle();
      }
      drainPair(pair, ends);
      checkArrived(ids, ends.client, ends.server);
      checkArrived(ids, ends.server, ends.client);
    }),
    { numRuns: 60 },
  );
});

function drainPair(
  pair: Pair,
  { client, server }: { client: Relay; server: Relay },
): void {
  do {
    pair.settle();
    client.releaseAll();
    server.releaseAll();
  } while (
    client.end.connection.outputLength + server.end.connection.outputLength > 0
  );
}

function checkArrived(
  ids: readonly StreamId[],
  from: Relay,
  to: Relay,
): void {
  for (const id of ids) {
    if (from.lost.has(id) || to.lost.has(id)) continue;
    const arrived = to.end.received.get(id)?.length ?? 0;
    assert.equal(arrived, from.given.get(id) ?? 0, `stream ${id}`);
  }
}

Deno.test("receive() answers any octets without throwing", () => {
  const octets = fc.uint8Array({ maxLength: 400 });
  const frames = fc.array(
    fc.record({
      type: fc.nat(10),
      flags: fc.nat(255),
      stream: fc.nat(6),
      payload: fc.uint8Array({ maxLength: 40 }),
    }),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(frames, octets, (frames, octets) => {
      for (const role of ["server", "client"] as const) {
        const endpoint = new Endpoint(role);
        const peer = new Endpoint(role === "server" ? "client" : "server");
        if (role === "client") endpoint.connection.openStream(CONNECT, false);
        const input = frames.map(({ type, flags, stream, payload }) =>
          frame(type, flags, stream, payload)
        );
        const all = join([peer.takeOctets(), ...input, octets]);
        const error = endpoint.connection.receive(all);
        assert.equal(
          endpoint.connection.state === "closed",
          error !== undefined,
        );
      }
    }),
    { numRuns: 500 },
  );
});
