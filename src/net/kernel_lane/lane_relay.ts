import type { ByteReceiver, ByteStream } from "../byte_stream.ts";
import {
  type Relay,
  type RelayEnd,
  type RelayMeter,
  startRelay,
} from "../relay.ts";
import type { TcpStream } from "../tcp_stream.ts";
import type { KernelLane } from "./lane.ts";
import type { KernelPair } from "./pair.ts";

/** Told of octets, and of the lane. */
export interface LaneMeter extends RelayMeter {
  /** The kernel carries them from here on. */
  onKernel(): void;
}

/**
 * Carries octets between two TCP connections as {@link startRelay} does: by user
 * space at first, so that a short exchange costs nothing more, then by the
 * kernel.
 */
export function startLaneRelay(
  lane: KernelLane,
  a: TcpStream,
  b: TcpStream,
  meter: LaneMeter,
): Relay {
  const { promise: ended, resolve } = Promise.withResolvers<RelayEnd>();
  let chunks = 0;
  let octets = 0;
  let asked = false;
  let pair: KernelPair | undefined;

  const onData = (length: number) => {
    chunks++;
    octets += length;
    if (asked) return;
    const { joinAfter } = lane;
    if (chunks < joinAfter.chunks) return;
    if (octets > chunks * joinAfter.chunkOctetsMax) return;
    asked = true;
    // Not within the read that told of it.
    setTimeout(join, 0);
  };
  const taps = [new Tap(a, onData), new Tap(b, onData)] as const;
  const relay = startRelay(...taps, meter);
  const join = () => {
    pair = joinInKernel(lane, [a, b], meter);
    if (pair === undefined) return;
    for (const tap of taps) tap.mute();
    meter.onKernel();
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

function joinInKernel(
  lane: KernelLane,
  [a, b]: readonly [TcpStream, TcpStream],
  meter: RelayMeter,
): KernelPair | undefined {
  if (!a.isWhole || !b.isWhole) return undefined;
  const place = lane.reserve();
  if (place === undefined) return undefined;
  const [left, right] = [a.release(), b.release()];
  // Both were whole a moment ago.
  if (left === undefined || right === undefined) throw new Error("not whole");
  for (const { length } of left.unread) meter.forward(length);
  for (const { length } of right.unread) meter.backward(length);
  return lane.adopt(place, {
    a: { fd: left.fd, unsent: [...left.unsent, ...right.unread] },
    b: { fd: right.fd, unsent: [...right.unsent, ...left.unread] },
    meter,
  });
}

/** A stream whose receiver can be let go of. */
class Tap implements ByteStream {
  readonly #stream: ByteStream;
  readonly #onData: (octets: number) => void;
  #muted = false;

  constructor(stream: ByteStream, onData: (octets: number) => void) {
    this.#stream = stream;
    this.#onData = onData;
  }

  /** Nobody is told anything from here on. */
  mute(): void {
    this.#muted = true;
  }

  attach(receiver: ByteReceiver): void {
    const unlessMuted = (tell: () => void) => this.#muted ? undefined : tell();
    this.#stream.attach({
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

  write(octets: Uint8Array): boolean {
    return this.#stream.write(octets);
  }

  end(): void {
    this.#stream.end();
  }

  reset(): void {
    this.#stream.reset();
  }

  dismiss(): void {
    this.#stream.dismiss();
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }
}
