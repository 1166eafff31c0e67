import type { Fd } from "../../src/sys/libc.ts";
import { Listener } from "../../src/net/listen.ts";
import { UdpSocket } from "../../src/net/udp_socket.ts";
import {
  MessageReader,
  writeMessage,
} from "../../src/proxy/dns/stream_messages.ts";
import type { SocketAddress } from "../../src/model/address.ts";
import { at } from "./sample_mesh.ts";
import { LISTENER } from "./sockets.ts";

/** What an upstream sends back for one query: messages, from itself. */
export type Script = (query: Uint8Array, from: SocketAddress) => Uint8Array[];

/** A DNS server that answers as it is told, on port 53 of an address. */
export class DnsUpstream implements Disposable {
  readonly asked: {
    readonly octets: Uint8Array;
    readonly from: SocketAddress;
  }[] = [];
  readonly #udp: UdpSocket;
  readonly #tcp: Listener;

  constructor(netns: Fd, ip: string, udp: Script, tcp: Script = udp) {
    this.#udp = UdpSocket.listen(at(ip, 53), { netns, reusePort: false }, {
      onDatagram: (octets, from) => {
        this.asked.push({ octets, from });
        for (const reply of udp(octets, from)) this.#udp.send(reply, from);
      },
      onError: () => {},
    });
    this.#tcp = Listener.open(
      { ...LISTENER, redirected: false, at: at(ip, 53), netns },
      ({ socket, peer }) => {
        const reader = new MessageReader();
        socket.on("error", () => {});
        socket.on("end", () => socket.end());
        socket.on("data", (octets: Uint8Array) => {
          for (const query of reader.take(octets)) {
            this.asked.push({ octets: query, from: peer });
            const replies = tcp(query, peer);
            if (replies.length === 0) socket.destroy();
            for (const reply of replies) writeMessage(socket, reply);
          }
        });
      },
      () => {},
    );
  }

  [Symbol.dispose](): void {
    this.#udp[Symbol.dispose]();
    this.#tcp[Symbol.dispose]();
  }
}
