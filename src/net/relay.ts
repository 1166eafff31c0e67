import type { ByteStream } from "./byte_stream.ts";

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
  | { readonly how: "reset"; readonly error?: Error }
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
export function startRelay(
  a: ByteStream,
  b: ByteStream,
  meter: RelayMeter,
): Relay {
  const { promise, resolve } = Promise.withResolvers<RelayEnd>();
  let open = 2;
  let over = false;

  const finish = (end: RelayEnd) => {
    if (over) return;
    over = true;
    if (end.how !== "complete") {
      a.reset();
      b.reset();
    }
    resolve(end);
  };

  const join = (
    from: ByteStream,
    to: ByteStream,
    count: (octets: number) => void,
  ) => {
    let fromEnded = false;
    from.attach({
      onData(octets) {
        count(octets.length);
        if (!to.write(octets)) from.pause();
      },
      onEnd() {
        fromEnded = true;
        to.end();
      },
      onDrain: () => to.resume(),
      onClose(error) {
        if (error !== undefined) finish({ how: "reset", error });
        else if (!fromEnded) finish({ how: "reset" });
        else if (--open === 0) finish({ how: "complete" });
        // It takes nothing more, so nothing more is asked for.
        else to.dismiss();
      },
    });
  };

  join(a, b, (octets) => meter.forward(octets));
  join(b, a, (octets) => meter.backward(octets));
  return { ended: promise, cut: () => finish({ how: "cut" }) };
}
