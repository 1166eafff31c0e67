/** DNS over a stream: each message behind its length. RFC 1035, section 4.2.2. */
import type { Socket } from "node:net";

const LENGTH_SIZE = 2;

/** Makes messages of the octets of a stream. It holds one message and a piece, at most. */
export class MessageReader {
  #left = new Uint8Array(0);

  /** Whether a message has begun and is not whole. */
  get isAmid(): boolean {
    return this.#left.length > 0;
  }

  /** The messages that are whole now. */
  *take(octets: Uint8Array): Generator<Uint8Array> {
    const all = new Uint8Array(this.#left.length + octets.length);
    all.set(this.#left);
    all.set(octets, this.#left.length);
    let at = 0;
    while (all.length - at >= LENGTH_SIZE) {
      const begin = at + LENGTH_SIZE;
      const end = begin + (all[at]! << 8 | all[at + 1]!);
      if (end > all.length) break;
      at = end;
      yield all.subarray(begin, end);
    }
    this.#left = all.slice(at);
  }
}

/** @param then Told when the octets have left, or never will. */
export function writeMessage(
  socket: Socket,
  message: Uint8Array,
  then: () => void = () => {},
): void {
  const framed = new Uint8Array(LENGTH_SIZE + message.length);
  framed.set([message.length >> 8, message.length & 0xff]);
  framed.set(message, LENGTH_SIZE);
  socket.write(framed, then);
}
