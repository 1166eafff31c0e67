import type { Socket } from "node:net";
import { HairpinError } from "../../base/errors.ts";
import {
  METHOD_CHOSEN,
  type Parsed,
  readGreeting,
  readRequest,
  type SocksTarget,
} from "../../wire/socks5/mod.ts";
import { NEGOTIATION_MS } from "./limits.ts";

/** A client that cannot be served. */
export class SocksError extends HairpinError {
  readonly code = "PROTOCOL";

  /** @param reached Whether it is far enough to be told by a reply. */
  constructor(message: string, readonly reached: boolean) {
    super(message);
  }
}

/**
 * Learns where a client wants to go. What it sent behind its request is put back.
 *
 * @throws {SocksError} when it says something else, goes, or takes too long.
 */
export async function readTarget(socket: Socket): Promise<SocksTarget> {
  const timer = setTimeout(
    () => socket.destroy(new SocksError("negotiation timed out", false)),
    NEGOTIATION_MS,
  );
  try {
    await readWhole(socket, readGreeting, false);
    socket.write(METHOD_CHOSEN);
    return await readWhole(socket, readRequest, true);
  } finally {
    clearTimeout(timer);
  }
}

/** Reads until `parse` has enough; a message's own form bounds what it takes. */
function readWhole<T>(
  socket: Socket,
  parse: (octets: Uint8Array) => Parsed<T>,
  reached: boolean,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let octets: Uint8Array = new Uint8Array(0);
    const settle = (act: () => void) => {
      socket.off("readable", onReadable);
      socket.off("end", onEnd);
      socket.off("close", onEnd);
      socket.off("error", onError);
      act();
    };
    const fail = (why: string) =>
      settle(() => reject(new SocksError(why, reached)));
    const onReadable = () => {
      for (let more = read(socket); more !== null; more = read(socket)) {
        octets = Uint8Array.from([...octets, ...more]);
        const parsed = parse(octets);
        if (parsed.kind === "more") continue;
        if (parsed.kind === "refuse") return fail(parsed.why);
        const rest = octets.subarray(parsed.size);
        return settle(() => {
          if (rest.length > 0) socket.unshift(rest);
          resolve(parsed.value);
        });
      }
    };
    const onEnd = () => fail("the client has gone");
    const onError = (reason: Error) => fail(reason.message);
    socket.on("readable", onReadable);
    socket.on("end", onEnd);
    socket.on("close", onEnd);
    socket.on("error", onError);
    onReadable();
  });
}

const read = (socket: Socket): Uint8Array | null => socket.read();
