import type { LocalReply } from "../../decide/http/local_reply.ts";
import type { MessageStream } from "../../net/message_stream.ts";
import { DISCARD_MAX } from "./limits.ts";

/** A whole response without a backend, its body as text or as octets. */
export type Reply = Omit<LocalReply, "body"> & {
  readonly body: string | Uint8Array;
};

/**
 * Answers a request without a backend, and reads the rest of it away.
 *
 * @param method The request's; HEAD is answered by a head alone.
 * @returns octets of the body that were sent.
 */
export function sendReply(
  stream: MessageStream,
  reply: Reply,
  method: string,
): number {
  const body = method === "HEAD" ? NOTHING : octetsOf(reply.body);
  const head = [[":status", `${reply.status}`], ...reply.headers] as const;
  stream.sendHeaders(head, body.length === 0);
  if (body.length > 0) {
    stream.write(body);
    stream.end();
  }
  discard(stream);
  return body.length;
}

const NOTHING = new Uint8Array();

const octetsOf = (body: string | Uint8Array): Uint8Array =>
  typeof body === "string" ? new TextEncoder().encode(body) : body;

/** Reads what is left of a request, up to {@link DISCARD_MAX}. */
function discard(stream: MessageStream): void {
  let left = DISCARD_MAX;
  stream.attach({
    onData(octets) {
      left -= octets.length;
      if (left < 0) stream.dismiss();
    },
    onEnd() {},
    onDrain() {},
    onClose() {},
  });
  stream.resume();
}
