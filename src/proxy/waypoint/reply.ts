import type { LocalReply } from "../../decide/local_reply.ts";
import type { MessageStream } from "../../net/message_stream.ts";
import { DISCARD_MAX } from "./limits.ts";

/** Answers a request without a backend, and reads the rest of it away. */
export function sendReply(stream: MessageStream, reply: LocalReply): void {
  const body = new TextEncoder().encode(reply.body);
  const head = [[":status", `${reply.status}`], ...reply.headers] as const;
  stream.sendHeaders(head, body.length === 0);
  if (body.length > 0) {
    stream.write(body);
    stream.end();
  }
  discard(stream);
}

/** Reads what is left of a request, up to {@link DISCARD_MAX}. */
function discard(stream: MessageStream): void {
  let left = DISCARD_MAX;
  stream.attach({
    onData(octets) {
      left -= octets.length;
      if (left < 0) stream.reset();
    },
    onEnd() {},
    onDrain() {},
    onClose() {},
  });
}
