import type { ByteReceiver, ByteStream } from "./byte_stream.ts";

/** Told of octets as they are handed to the far side. */
export interface RelayMeter {
  /** From `a` to `b`. */
  forward(octets: number): void;
  /** From `b` to `a`. */
  backward(octets: number): void;
}

/** How a relay ended: all octets sent and both ends closed, a reset, or cut by us. */
export type RelayEnd =
  | { readonly how: "complete" }
  | {
    readonly how: "reset";
    readonly error?: Error;
    /** Whose end it was, where that can be told. */
    readonly by?: "a" | "b";
  }
  | { readonly how: "cut" };

export interface Relay {
  readonly ended: Promise<RelayEnd>;
  /** Resets both sides now. */
  cut(): void;
}

/**
 * Carries octets between two streams until both have closed. An end
 * of one half is passed on as an end of that half, a reset as a reset, and a
 * side that cannot keep up pauses the other.
 */
export const startRelay = (
  a: ByteStream,
  b: ByteStream,
  meter: RelayMeter,
): Relay => new UserRelay(a, b, meter);

/** Objects and no closures: as many connections as there are hold one each. */
class UserRelay implements Relay {
  readonly ended: Promise<RelayEnd>;
  readonly #resolve: (end: RelayEnd) => void;
  readonly #a: ByteStream;
  readonly #b: ByteStream;
  #open = 2;
  #over = false;

  constructor(a: ByteStream, b: ByteStream, meter: RelayMeter) {
    const { promise, resolve } = Promise.withResolvers<RelayEnd>();
    this.ended = promise;
    this.#resolve = resolve;
    this.#a = a;
    this.#b = b;
    a.attach(new Forward(this, a, b, meter));
    b.attach(new Backward(this, b, a, meter));
  }

  cut(): void {
    this.finish({ how: "cut" });
  }

  /** One side has closed. @returns whether the other one is still open. */
  closeOne(): boolean {
    if (--this.#open > 0) return true;
    this.finish({ how: "complete" });
    return false;
  }

  finish(end: RelayEnd): void {
    if (this.#over) return;
    this.#over = true;
    if (end.how !== "complete") {
      const passedOn = end.how === "reset";
      this.#a.reset(passedOn);
      this.#b.reset(passedOn);
    }
    this.#resolve(end);
  }
}

/** Hands on what one side says to the other. */
abstract class Direction implements ByteReceiver {
  readonly #relay: UserRelay;
  readonly #from: ByteStream;
  readonly #to: ByteStream;
  protected readonly meter: RelayMeter;
  #fromEnded = false;

  constructor(
    relay: UserRelay,
    from: ByteStream,
    to: ByteStream,
    meter: RelayMeter,
  ) {
    this.#relay = relay;
    this.#from = from;
    this.#to = to;
    this.meter = meter;
  }

  protected abstract readonly by: "a" | "b";
  protected abstract count(octets: number): void;

  onData(octets: Uint8Array): void {
    this.count(octets.length);
    if (!this.#to.write(octets)) this.#from.pause();
  }

  onEnd(): void {
    this.#fromEnded = true;
    this.#to.end();
  }

  onDrain(): void {
    this.#to.resume();
  }

  onClose(error: Error | undefined): void {
    const relay = this.#relay;
    const { by } = this;
    if (error !== undefined) relay.finish({ how: "reset", error, by });
    else if (!this.#fromEnded) relay.finish({ how: "reset", by });
    // It takes nothing more, so nothing more is asked for.
    else if (relay.closeOne()) this.#to.dismiss();
  }
}

class Forward extends Direction {
  protected override get by(): "a" {
    return "a";
  }

  protected override count(octets: number): void {
    this.meter.forward(octets);
  }
}

class Backward extends Direction {
  protected override get by(): "b" {
    return "b";
  }

  protected override count(octets: number): void {
    this.meter.backward(octets);
  }
}
