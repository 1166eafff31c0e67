import { PREFIX_OCTETS } from "./unary.ts";

/**
 * Counts the messages of one direction of a call as its octets pass by, in
 * pieces of any size. A message counts once its prefix is whole; its contents
 * are not looked at.
 *
 * @see gRPC over HTTP2, "Length-Prefixed-Message"
 */
export class MessageCounter {
  readonly #prefix = new DataView(new ArrayBuffer(PREFIX_OCTETS));
  #prefixed = 0;
  /** Octets of the present message that are still to come. */
  #left = 0;
  count = 0;

  add(octets: Uint8Array): void {
    let at = 0;
    while (at < octets.length) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, octets.length - at);
        this.#left -= taken;
        at += taken;
        continue;
      }
      this.#prefix.setUint8(this.#prefixed++, octets[at++]!);
      if (this.#prefixed < PREFIX_OCTETS) continue;
      this.#prefixed = 0;
      this.#left = this.#prefix.getUint32(1);
      this.count++;
    }
  }
}
