/** One question to one upstream. */
import { dialTcp } from "../../net/dial.ts";
import type { TcpTuning } from "../../net/handles.ts";
import { UdpSocket } from "../../net/udp_socket.ts";
import {
  type DnsQuery,
  readReplyHead,
  type ReplyHead,
  withId,
} from "../../wire/dns/mod.ts";
import { STRAY_REPLIES_MAX, TCP_CONNECT_MS } from "./limits.ts";
import { MessageReader, writeMessage } from "./stream_messages.ts";
import type { Upstream } from "./upstreams.ts";

/** How sockets to upstreams are made. */
export interface ExchangeOptions {
  /** Keeps the pod's rules from leading the question back to its asker. */
  readonly mark: number | undefined;
  readonly tuning: TcpTuning;
  /** Gives up. */
  readonly signal: AbortSignal;
  /** 16 bits that nobody can guess. */
  randomId(): number;
}

/** A response, with the client's own id in it. */
export interface UpstreamReply extends ReplyHead {
  readonly octets: Uint8Array;
}

/**
 * Asks over UDP, from a random port under a random id. Whatever does not come
 * from the upstream or answers something else is passed over.
 *
 * @throws {Error} in the kernel's words, or when it is given up.
 */
export function askByUdp(
  { to, netns }: Upstream,
  query: DnsQuery,
  { mark, signal, randomId }: ExchangeOptions,
): Promise<UpstreamReply> {
  const { promise, resolve, reject } = Promise.withResolvers<UpstreamReply>();
  const id = randomId();
  let strays = 0;
  const socket = UdpSocket.connect(to, { netns, mark }, {
    onDatagram(octets) {
      const reply = replyOf(octets, query, id);
      if (reply !== undefined) resolve(reply);
      else if (++strays > STRAY_REPLIES_MAX) {
        reject(new Error("too many replies that answer something else"));
      }
    },
    onError: reject,
  });
  if (!socket.send(withId(query.octets, id))) {
    reject(new Error("the query could not be sent"));
  }
  const giveUp = () => reject(new Error("given up"));
  signal.addEventListener("abort", giveUp);
  return promise.finally(() => {
    signal.removeEventListener("abort", giveUp);
    socket[Symbol.dispose]();
  });
}

/**
 * Asks over TCP.
 *
 * @throws {Error} when there is no answer.
 */
export async function askByTcp(
  { to, netns }: Upstream,
  query: DnsQuery,
  { mark, tuning, signal, randomId }: ExchangeOptions,
): Promise<UpstreamReply> {
  const timeoutMs = TCP_CONNECT_MS;
  const socket = await dialTcp(to, { netns, mark, tuning, signal, timeoutMs });
  const { promise, resolve, reject } = Promise.withResolvers<UpstreamReply>();
  const id = randomId();
  const reader = new MessageReader();
  socket.on("data", (octets: Uint8Array) => {
    for (const message of reader.take(octets)) {
      const reply = replyOf(message, query, id);
      if (reply === undefined) {
        reject(new Error("the reply answers something else"));
      } else resolve(reply);
    }
  });
  socket.on("error", reject);
  socket.on("close", () => reject(new Error("closed without an answer")));
  socket.on("end", () => reject(new Error("ended without an answer")));
  const giveUp = () => reject(new Error("given up"));
  signal.addEventListener("abort", giveUp);
  writeMessage(socket, withId(query.octets, id));
  return await promise.finally(() => {
    signal.removeEventListener("abort", giveUp);
    socket.destroy();
  });
}

function replyOf(
  octets: Uint8Array,
  query: DnsQuery,
  id: number,
): UpstreamReply | undefined {
  const head = readReplyHead(octets, query, id);
  return head && { ...head, octets: withId(octets, query.id) };
}
