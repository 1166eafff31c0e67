import type { ByteReceiver, ByteStream } from "../byte_stream.ts";
import {
  type Relay,
  type RelayEnd,
  type RelayMeter,
  startRelay,
} from "../relay.ts";
import type { ReleasableStream } from "../releasable_stream.ts";
import { WrappedStream } from "../wrapped_stream.ts";
import { chooseLane, type KernelLanes, type LaneName } from "./choose_lane.ts";
import { SPLICE_WINDOW_MS } from "./limits.ts";
import type { Released } from "./pair.ts";

/** Told of octets, and of the lane. */
export interface LaneMeter extends RelayMeter {
  /** User space does not see them from here on. */
  onLane(lane: LaneName): void;
}

/**
 * Carries octets between two TCP connections as {@link startRelay} does: by user
 * space at first, so that a short exchange costs nothing more, then by the lane
 * that suits what it has seen.
 */
export function startLaneRelay(
  lanes: KernelLanes,
  a: ReleasableStream,
  b: ReleasableStream,
  meter: LaneMeter,
): Relay {
  const { promise: ended, resolve } = Promise.withResolvers<RelayEnd>();
  let chunks = 0;
  let octets = 0;
  let recentOctets = 0;
  let recentSinceMs = 0;
  let asked = false;
  let pair: Relay | undefined;
  const rules = {
    joinAfter: lanes.kernel?.joinAfter,
    spliceAfter: lanes.splice?.spliceAfter,
  };

  const onData = (length: number) => {
    if (asked) return;
    chunks++;
    octets += length;
    const nowMs = performance.now();
    if (nowMs - recentSinceMs > SPLICE_WINDOW_MS) {
      recentSinceMs = nowMs;
      recentOctets = 0;
    }
    recentOctets += length;
    const chosen = chooseLane({ chunks, octets, recentOctets }, rules);
    if (chosen === undefined) return;
    asked = true;
    // Not within the read that told of it.
    setTimeout(() => join(chosen), 0);
  };
  const taps = [new Tap(a, onData), new Tap(b, onData)] as const;
  const relay = startRelay(...taps, meter);
  const join = (name: LaneName) => {
    pair = joinLane(lanes, name, { a, b, meter });
    if (pair === undefined) return;
    for (const tap of taps) tap.mute();
    meter.onLane(name);
    void pair.ended.then((end) => {
      a.dispose();
      b.dispose();
      resolve(end);
    });
  };
  void relay.ended.then((end) => {
    asked = true;
    resolve(end);
  });
  return { ended, cut: () => (pair ?? relay).cut() };
}

/** Two streams with nothing ended yet. */
interface Whole {
  readonly a: ReleasableStream;
  readonly b: ReleasableStream;
  readonly meter: RelayMeter;
}

/** @returns undefined when it stays where it is. */
function joinLane(
  { kernel, splice }: KernelLanes,
  name: LaneName,
  whole: Whole,
): Relay | undefined {
  if (!whole.a.isWhole || !whole.b.isWhole) return undefined;
  if (name === "splice") {
    return splice?.hasRoom ? splice.adopt(release(whole)) : undefined;
  }
  const place = kernel?.reserve();
  if (kernel === undefined || place === undefined) return undefined;
  return kernel.adopt(place, release(whole));
}

function release({ a, b, meter }: Whole): {
  readonly a: Released;
  readonly b: Released;
  readonly meter: RelayMeter;
} {
  const [left, right] = [a.release(), b.release()];
  // Both were whole a moment ago.
  if (left === undefined || right === undefined) throw new Error("not whole");
  for (const { length } of left.unread) meter.forward(length);
  for (const { length } of right.unread) meter.backward(length);
  return {
    a: { fd: left.fd, unsent: [...left.unsent, ...right.unread] },
    b: { fd: right.fd, unsent: [...right.unsent, ...left.unread] },
    meter,
  };
}

/** A stream whose receiver can be let go of. */
class Tap extends WrappedStream {
  readonly #onData: (octets: number) => void;
  #muted = false;

  constructor(stream: ByteStream, onData: (octets: number) => void) {
    super(stream);
    this.#onData = onData;
  }

  /** Nobody is told anything from here on. */
  mute(): void {
    this.#muted = true;
  }

  override attach(receiver: ByteReceiver): void {
    const unlessMuted = (tell: () => void) => this.#muted ? undefined : tell();
    this.inner.attach({
      onData: (octets) => {
        if (this.#muted) return;
        receiver.onData(octets);
        this.#onData(octets.length);
      },
      onEnd: () => unlessMuted(() => receiver.onEnd()),
      onDrain: () => unlessMuted(() => receiver.onDrain()),
      onClose: (error) => unlessMuted(() => receiver.onClose(error)),
    });
  }
}
