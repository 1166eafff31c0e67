import type { Framing } from "./framing.ts";
import type { Output } from "./output.ts";

/** How a body is sent; `drop`: the message has none whatever we are given. */
export type OutgoingFraming = Framing | { readonly by: "drop" };

/** The body of one message on its way out. */
export class OutgoingBody {
  readonly #framing: OutgoingFraming;
  #left: number;

  constructor(framing: OutgoingFraming) {
    this.#framing = framing;
    this.#left = framing.by === "length" ? framing.octets : 0;
  }

  /** The receiver knows its end only by the end of the connection. */
  get endsByClose(): boolean {
    return this.#framing.by === "close";
  }

  /** Whether trailers can follow it. */
  get takesTrailers(): boolean {
    return this.#framing.by === "chunks";
  }

  /**
   * Adds octets to the output.
   *
   * @param end True with the last ones.
   * @returns false when they are not what was announced; nothing was added.
   */
  write(output: Output, octets: Uint8Array, end: boolean): boolean {
    switch (this.#framing.by) {
      case "drop":
        return true;
      case "nothing":
        return octets.length === 0;
      case "length":
        if (octets.length > this.#left) return false;
        if (end && octets.length < this.#left) return false;
        this.#left -= octets.length;
        output.octets(octets);
        return true;
      case "chunks":
        output.chunk(octets);
        if (end) output.ascii("0\r\n\r\n");
        return true;
      case "close":
        output.octets(octets);
        return true;
    }
  }

  /** Whether the body may end here. */
  get complete(): boolean {
    return this.#left === 0;
  }
}
