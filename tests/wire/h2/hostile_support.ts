import { HpackEncoder } from "../../../src/wire/hpack/mod.ts";
import {
  H2Code,
  type HeaderList,
  PREFACE,
  type StreamId,
} from "../../../src/wire/h2/mod.ts";
import { Endpoint, frame, GET, join, POST, uint32 } from "./support.ts";

export const DATA = 0, HEADERS = 1, PRIORITY = 2, RST_STREAM = 3, SETTINGS = 4;
export const PUSH_PROMISE = 5, PING = 6, GOAWAY = 7, WINDOW_UPDATE = 8;
export const CONTINUATION = 9;
export const END = 1, ACK = 1, END_HEADERS = 4, PADDED = 8, PRIORITIZED = 32;
export const one = 1 as StreamId;

/** A block that uses no table, so that any decoder reads it. */
export function block(fields: HeaderList): Uint8Array {
  const encoder = new HpackEncoder({ indexing: () => "without" });
  const octets = new Uint8Array(encoder.lengthMax(fields));
  return octets.slice(0, encoder.encode(fields, octets, 0));
}

export function headers(
  stream: number,
  fields: HeaderList,
  flags = END | END_HEADERS,
): Uint8Array {
  return frame(HEADERS, flags, stream, block(fields));
}

/** A server that has read the preface and an empty SETTINGS. */
export function server(): Endpoint {
  const endpoint = new Endpoint("server");
  endpoint.connection.receive(join([PREFACE, frame(SETTINGS, 0, 0)]));
  endpoint.takeOctets();
  endpoint.takeEvents();
  return endpoint;
}

/** A client that has read SETTINGS and opened stream 1, a GET. */
export function client(): Endpoint {
  const endpoint = new Endpoint("client");
  endpoint.connection.receive(frame(SETTINGS, 0, 0));
  endpoint.connection.openStream(GET, true);
  endpoint.takeOctets();
  endpoint.takeEvents();
  return endpoint;
}

export type Code = keyof typeof H2Code;
export const many = (count: number, octets: Uint8Array) =>
  join(new Array(count).fill(octets));
export const setting = (id: number, value: number) =>
  frame(SETTINGS, 0, 0, [0, id, ...uint32(value)]);
export const open = headers(1, POST, END_HEADERS);
