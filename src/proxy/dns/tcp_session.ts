import type { Socket } from "node:net";
import { QUERIES_PER_CONNECTION_MAX, TCP_IDLE_MS } from "./limits.ts";
import type { DnsResolver } from "./resolver.ts";
import { MessageReader, writeMessage } from "./stream_messages.ts";

/**
 * Serves one client over TCP until it ends, or is idle for {@link TCP_IDLE_MS};
 * answers go out as they are found. RFC 7766.
 */
export function serveTcp(
  socket: Socket,
  resolver: Pick<DnsResolver, "answer">,
): void {
  const reader = new MessageReader();
  const waiting: Uint8Array[] = [];
  let open = 0;
  let ended = false;
  const idle = setTimeout(() => socket.destroy(), TCP_IDLE_MS);
  const pump = () => {
    while (open < QUERIES_PER_CONNECTION_MAX && waiting.length > 0) {
      serve(waiting.shift()!);
    }
    if (waiting.length > 0) socket.pause();
    else socket.resume();
    if (ended && open === 0 && waiting.length === 0) socket.end();
  };
  const serve = (message: Uint8Array) => {
    open++;
    idle.refresh();
    void resolver.answer(message, "tcp").then((reply) => {
      if (reply === undefined || socket.destroyed) return socket.destroy();
      writeMessage(socket, reply, () => {
        open--;
        idle.refresh();
        pump();
      });
    });
  };
  socket.on("error", () => {}); // the close that follows says enough
  socket.on("close", () => clearTimeout(idle));
  socket.on("data", (octets: Uint8Array) => {
    waiting.push(...reader.take(octets));
    pump();
  });
  socket.on("end", () => {
    ended = true;
    pump();
  });
}
