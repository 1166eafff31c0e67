import { assert } from "../../base/assert.ts";
import { DECODER_TABLE_SIZE_MAX } from "../hpack/mod.ts";
import { connectionError } from "./errors.ts";
import { readUint32 } from "./frame.ts";
import {
  CLIENT_HEADER_LIST_SIZE_MAX,
  CONCURRENT_STREAMS_MAX,
  CONNECTION_WINDOW,
  FRAME_LENGTH_MAX,
  FRAME_LENGTH_MIN,
  FRAME_LENGTH_TOP,
  INITIAL_PEER_STREAMS_MAX,
  INITIAL_WINDOW,
  SERVER_HEADER_LIST_SIZE_MAX,
  STREAM_WINDOW,
  WINDOW_MAX,
} from "./limits.ts";

/** The end of a connection that we are. */
export type Role = "client" | "server";

/** How a connection behaves; only the clock has no default. */
export interface H2Options {
  /** A steady clock in milliseconds, read only when a flood budget is spent. */
  now: () => number;
  /** Octets a stream may have on its way to us. Default 4 MiB, as ztunnel. */
  streamWindow?: number;
  /** The same for all streams. 65_535 or more. Default 16 MiB, as ztunnel. */
  connectionWindow?: number;
  /** Frame payload accepted, 16_384 to 2^24-1. Default 1 MiB, as ztunnel. */
  frameLengthMax?: number;
  /** Header list accepted. Default 64 KiB as server, 16 KiB as client. */
  headerListSizeMax?: number;
  /** Streams a client may have open here. Default 200, as ztunnel. */
  concurrentStreamsMax?: number;
  /** HPACK table of the peer's encoder. Default and most 4_096. */
  headerTableSize?: number;
  /** Streams to open before the server's SETTINGS. Default 100. */
  initialPeerStreamsMax?: number;
  /** Whether header strings are Huffman-coded. Default true. */
  huffman?: boolean;
  /** Server: whether CONNECT may name a protocol (RFC 8441). Default false. */
  extendedConnect?: boolean;
}

/** Options with every default filled in. */
export type H2Config = Readonly<Required<H2Options>>;

/** Fills in the defaults of a role and asserts the ranges. */
export function resolveOptions(role: Role, options: H2Options): H2Config {
  const config = { ...defaultsOf(role), ...options };
  assert(config.streamWindow >= 0, "streamWindow below 0");
  assert(config.streamWindow <= WINDOW_MAX, "streamWindow above 2^31-1");
  assert(config.connectionWindow >= INITIAL_WINDOW, "connectionWindow small");
  assert(config.connectionWindow <= WINDOW_MAX, "connectionWindow large");
  assert(config.frameLengthMax >= FRAME_LENGTH_MIN, "frameLengthMax small");
  assert(config.frameLengthMax <= FRAME_LENGTH_TOP, "frameLengthMax large");
  assert(config.headerTableSize <= DECODER_TABLE_SIZE_MAX, "headerTableSize");
  return config;
}

function defaultsOf(role: Role): Required<Omit<H2Options, "now">> {
  return {
    streamWindow: STREAM_WINDOW,
    connectionWindow: CONNECTION_WINDOW,
    frameLengthMax: FRAME_LENGTH_MAX,
    headerListSizeMax: role === "server"
      ? SERVER_HEADER_LIST_SIZE_MAX
      : CLIENT_HEADER_LIST_SIZE_MAX,
    concurrentStreamsMax: CONCURRENT_STREAMS_MAX,
    headerTableSize: DECODER_TABLE_SIZE_MAX,
    initialPeerStreamsMax: INITIAL_PEER_STREAMS_MAX,
    huffman: true,
    extendedConnect: false,
  };
}

/** What the peer announced, as far as it concerns what we send. */
export interface PeerSettings {
  readonly headerTableSize: number;
  readonly concurrentStreamsMax: number;
  readonly streamWindow: number;
  readonly frameLengthMax: number;
  readonly headerListSizeMax: number;
  /** CONNECT may name a protocol (RFC 8441). */
  readonly extendedConnect: boolean;
}

/** What holds before the peer's first SETTINGS (RFC 9113, section 6.5.2). */
export function initialPeerSettings(config: H2Config): PeerSettings {
  return {
    headerTableSize: 4_096,
    concurrentStreamsMax: config.initialPeerStreamsMax,
    streamWindow: INITIAL_WINDOW,
    frameLengthMax: FRAME_LENGTH_MIN,
    headerListSizeMax: Infinity,
    extendedConnect: false,
  };
}

const HEADER_TABLE_SIZE = 0x1;
const ENABLE_PUSH = 0x2;
const MAX_CONCURRENT_STREAMS = 0x3;
const INITIAL_WINDOW_SIZE = 0x4;
const MAX_FRAME_SIZE = 0x5;
const MAX_HEADER_LIST_SIZE = 0x6;
const ENABLE_CONNECT_PROTOCOL = 0x8;

/** The entries of our SETTINGS frame. */
export function settingsEntries(
  role: Role,
  config: H2Config,
): [id: number, value: number][] {
  const entries: [id: number, value: number][] = [
    [HEADER_TABLE_SIZE, config.headerTableSize],
    role === "client"
      ? [ENABLE_PUSH, 0]
      : [MAX_CONCURRENT_STREAMS, config.concurrentStreamsMax],
    [INITIAL_WINDOW_SIZE, config.streamWindow],
    [MAX_FRAME_SIZE, config.frameLengthMax],
    [MAX_HEADER_LIST_SIZE, config.headerListSizeMax],
  ];
  if (config.extendedConnect) entries.push([ENABLE_CONNECT_PROTOCOL, 1]);
  return entries;
}

/**
 * Applies the payload of a SETTINGS frame; unknown identifiers are ignored.
 *
 * @param first True for the peer's first SETTINGS: without a limit in it, the
 *   number of concurrent streams is not limited.
 * @throws {H2Error} of the connection, for a length or value out of range.
 * @see RFC 9113, sections 6.5.1 to 6.5.3, and RFC 8441, section 3
 */
export function applySettings(
  before: PeerSettings,
  payload: Uint8Array,
  peer: { role: Role; first: boolean },
): PeerSettings {
  if (payload.length % 6 !== 0) {
    const found = `SETTINGS of ${payload.length} octets`;
    throw connectionError("FRAME_SIZE_ERROR", found);
  }
  let settings = peer.first
    ? { ...before, concurrentStreamsMax: Infinity }
    : before;
  for (let at = 0; at < payload.length; at += 6) {
    const id = (payload[at]! << 8) | payload[at + 1]!;
    const value = readUint32(payload, at + 2);
    settings = { ...settings, ...readEntry(id, value, peer.role) };
  }
  const kept = settings.extendedConnect || !before.extendedConnect;
  check(kept, "ENABLE_CONNECT_PROTOCOL, which was 1,", 0);
  return settings;
}

function readEntry(
  id: number,
  value: number,
  peer: Role,
): Partial<PeerSettings> {
  switch (id) {
    case HEADER_TABLE_SIZE:
      return { headerTableSize: value };
    case ENABLE_PUSH: // A server that announces it means to push anyway.
      check(value <= (peer === "client" ? 1 : 0), "ENABLE_PUSH", value);
      return {};
    case MAX_CONCURRENT_STREAMS:
      return { concurrentStreamsMax: value };
    case INITIAL_WINDOW_SIZE:
      if (value > WINDOW_MAX) {
        const found = `INITIAL_WINDOW_SIZE ${value}`;
        throw connectionError("FLOW_CONTROL_ERROR", found);
      }
      return { streamWindow: value };
    case MAX_FRAME_SIZE:
      check(value >= FRAME_LENGTH_MIN, "MAX_FRAME_SIZE", value);
      check(value <= FRAME_LENGTH_TOP, "MAX_FRAME_SIZE", value);
      return { frameLengthMax: value };
    case MAX_HEADER_LIST_SIZE:
      return { headerListSizeMax: value };
    case ENABLE_CONNECT_PROTOCOL:
      check(value <= 1, "ENABLE_CONNECT_PROTOCOL", value);
      return { extendedConnect: value === 1 };
    default:
      return {};
  }
}

function check(valid: boolean, name: string, value: number): void {
  if (!valid) throw connectionError("PROTOCOL_ERROR", `${name} ${value}`);
}
