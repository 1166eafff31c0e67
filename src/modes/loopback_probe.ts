import type { Ip, SocketAddress } from "../model/address.ts";
import { fromRaw } from "../net/addresses.ts";
import type { ByteStream } from "../net/byte_stream.ts";
import { dialStream, dialTcp } from "../net/dial.ts";
import { inTime } from "../net/in_time.ts";
import { type Accepted, Listener } from "../net/listen.ts";
import { joined } from "../base/octets.ts";
import { TcpStream } from "../net/tcp_stream.ts";
import { localEnd } from "../sys/sockets.ts";

/** Longest wait for a word to go to ourselves and back. Own choice. */
const ECHO_MS = 10_000;

/**
 * Has this process call itself on loopback, by its own listener, as it serves
 * and dials in earnest: once by handles of the runtime's, once by its sockets.
 *
 * @throws {Error} when there is no loopback, or the runtime does not do what is
 *   expected of it.
 */
export async function probeLoopback(): Promise<void> {
  await echoed(({ stream }) => stream, dialStream);
  await echoed(
    streamOfSocket,
    async (to, options) => new TcpStream(await dialTcp(to, options)),
  );
}

/** A connection as whoever needs a socket of node:net first has it. */
function streamOfSocket(accepted: Accepted): ByteStream {
  void accepted.socket;
  return accepted.stream;
}

async function echoed(
  take: (accepted: Accepted) => ByteStream,
  dial: (to: SocketAddress, options: { tuning: object }) => Promise<ByteStream>,
): Promise<void> {
  const failed = Promise.withResolvers<never>();
  using listener = Listener.open(
    LISTENER,
    (accepted) => echo(take(accepted)),
    failed.reject,
  );
  const to = fromRaw(localEnd(listener.socket.fd));
  // Of its own each time: memory that nothing is read into may hold an old one.
  const word = crypto.randomUUID();
  const answer = dial(to, { tuning: {} }).then((stream) => ask(stream, word));
  const heard = Promise.race([answer, failed.promise]);
  const found = await inTime(heard, ECHO_MS, () => {});
  if (found === word) return;
  throw new Error(
    found === undefined
      ? `nothing came back in ${ECHO_MS} ms`
      : `octets came back as others`,
  );
}

const LISTENER = {
  at: { ip: "127.0.0.1" as Ip, port: 0 },
  reusePort: false,
  transparent: "off",
  tuning: {},
  redirected: false,
} as const;

/** Answers what it is told, and ends when the peer does. */
function echo(stream: ByteStream): void {
  stream.attach({
    onData: (octets) => void stream.write(octets),
    onDrain() {},
    onEnd: () => stream.end(),
    onClose() {},
  });
}

/** Says a word and ends. @returns what came back once both have ended. */
function ask(stream: ByteStream, word: string): Promise<string> {
  const heard: Uint8Array[] = [];
  return new Promise((resolve, reject) => {
    stream.attach({
      onData: (octets) => void heard.push(octets.slice()),
      onDrain() {},
      onEnd() {},
      onClose: (error) =>
        error === undefined
          ? resolve(new TextDecoder().decode(joined(heard)))
          : reject(error),
    });
    stream.write(new TextEncoder().encode(word));
    stream.end();
  });
}
