/** Octets a stream may have on its way to us. 4 MiB: ztunnel's. */
export const STREAM_WINDOW = 4 * 1024 * 1024;

/**
 * The same for all streams together. 16 MiB: ztunnel's; four full streams, so
 * that one slow reader does not stop the others.
 */
export const CONNECTION_WINDOW = 16 * 1024 * 1024;

/** Window of every stream and connection before SETTINGS (RFC 9113, 6.9.2). */
export const INITIAL_WINDOW = 65_535;

/** Largest window (RFC 9113, section 6.9.1). */
export const WINDOW_MAX = 2 ** 31 - 1;

/** Largest frame payload accepted from a peer. 1 MiB: ztunnel's. */
export const FRAME_LENGTH_MAX = 1024 * 1024;

/** Frame payload that any peer accepts (RFC 9113, section 4.2). */
export const FRAME_LENGTH_MIN = 16_384;

/** Largest value of SETTINGS_MAX_FRAME_SIZE (RFC 9113, section 6.5.2). */
export const FRAME_LENGTH_TOP = 2 ** 24 - 1;

/** Streams a client may have open at a server. 200: ztunnel's. */
export const CONCURRENT_STREAMS_MAX = 200;

/**
 * Streams a client opens before the server's SETTINGS say how many it takes.
 * 100: ztunnel's pool, and what RFC 9113, section 6.5.2 recommends at least.
 */
export const INITIAL_PEER_STREAMS_MAX = 100;

/** Header list that a server accepts, by HPACK's count. 64 KiB: ztunnel's. */
export const SERVER_HEADER_LIST_SIZE_MAX = 65_536;

/** Header list that a client accepts, by HPACK's count. 16 KiB: ztunnel's. */
export const CLIENT_HEADER_LIST_SIZE_MAX = 16_384;

/**
 * Octets of one compressed header block, all its frames together. Twice the
 * largest list accepted: a list above that still gets a proper refusal.
 */
export const HEADER_BLOCK_OCTETS_MAX = 128 * 1024;

/**
 * CONTINUATION frames of one header block. 16 hold a largest block twice over
 * at the smallest frame size; nobody has a reason to send shorter ones.
 */
export const CONTINUATION_FRAMES_MAX = 16;

/** Entries of one SETTINGS frame; RFC 9113 defines six, few more exist. */
export const SETTINGS_ENTRIES_MAX = 64;

/** Octets of GOAWAY debug data that are kept; the rest is skipped. */
export const GOAWAY_DEBUG_OCTETS_MAX = 1_024;

/** Responses of status 1xx before the final one; real servers send one or two. */
export const INFORMATIONAL_RESPONSES_MAX = 16;

/**
 * Streams that we reset and still know, so that what was on its way to them is
 * dropped in silence (RFC 9113, section 5.4.2). Five times the concurrent ones.
 */
export const RESET_STREAMS_REMEMBERED_MAX = 1_000;

/**
 * Frames that answer the peer (PING and SETTINGS acknowledged, RST_STREAM) and
 * wait for takeOutput(): a peer that asks and does not read is cut off. Room
 * for all the PINGs that one read of 64 KiB can hold, twice.
 */
export const ANSWERS_WAITING_MAX = 8_192;

/** A budget for frames that cost us and bring nothing. */
export interface FloodBudget {
  /** Frames that may come at once. */
  readonly burst: number;
  /** Frames a second regained while time passes. */
  readonly perSecond: number;
}

/**
 * What each kind of overhead frame may cost (RFC 9113, section 10.5).
 *
 * - `reset`: streams that ended before we answered them: reset by the peer
 *   (rapid reset), refused, or malformed. nghttp2 allows a burst of 1,000 too.
 * - `ping`: regained also by each DATA frame, since peers measure with it.
 * - `emptyData`: DATA without octets that does not end its stream.
 * - `windowUpdate`: regained also by what we send.
 * - `ignored`: PRIORITY, unknown types, frames for streams that are gone; regained
 *   also by each stream that closes.
 */
export const FLOOD_BUDGETS = {
  reset: { burst: 1_000, perSecond: 200 },
  ping: { burst: 1_000, perSecond: 100 },
  settings: { burst: 100, perSecond: 10 },
  emptyData: { burst: 1_000, perSecond: 100 },
  windowUpdate: { burst: 10_000, perSecond: 1_000 },
  ignored: { burst: 1_000, perSecond: 200 },
} as const satisfies Readonly<Record<string, FloodBudget>>;

/**
 * Frames that are counted and may be on their way to a stream when it closes: a
 * response's header block, trailers, and a reset.
 */
export const LATE_FRAMES_PER_STREAM = 3;

/** Sent octets that earn the peer one more WINDOW_UPDATE. */
export const OCTETS_PER_WINDOW_UPDATE = 512;

/**
 * Octets of the buffers in which output is gathered. Small ones hold what a turn
 * of requests says, large ones a read of a socket with its frame header.
 */
export const OUTPUT_BUFFER_OCTETS = {
  small: 16_384,
  large: 256 * 1024 + 1_024,
} as const;

/** Buffers of each kind that a thread keeps while they are not in use: 1 and 2 MiB. */
export const OUTPUT_BUFFERS_KEPT = { small: 64, large: 8 } as const;

/**
 * Octets of the buffer for frames that arrive in pieces that are kept from one
 * frame to the next; larger ones are let go.
 */
export const HELD_OCTETS_KEPT = 4_096;

/** What a blocked stream may send in one turn when the connection reopens. */
export const WAKE_QUANTUM_MIN = 16_384;
