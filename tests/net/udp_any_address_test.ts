/** UDP sockets for any address, in a namespace where all addresses are its own. */
import assert from "node:assert/strict";
import type { SocketAddress } from "../../src/model/address.ts";
import { UdpSocket } from "../../src/net/udp_socket.ts";
import { at } from "../support/sample_mesh.ts";
import { makeTestNetns } from "../support/test_netns.ts";

const rows = [
  ["IPv4", "0.0.0.0", "192.0.2.7"],
  ["IPv6", "::", "2001:db8::7"],
] as const;

for (const [family, everywhere, asked] of rows) {
  Deno.test(`a UDP socket for any address answers from the one asked, by ${family}`, async () => {
    await using netns = await makeTestNetns();
    await netns.sh(
      "ip route add local 192.0.2.0/24 dev lo; " +
        "ip -6 route add local 2001:db8::/64 dev lo",
    );
    const place = { netns: netns.fd };
    const listening = { ...place, reusePort: true, anyAddress: true };
    const { promise: told, resolve, reject } = Promise.withResolvers<string>();
    using server = UdpSocket.listen(at(everywhere, 5353), listening, {
      onDatagram(octets, from, ip) {
        assert.ok(server.send(octets, from, ip));
        resolve(ip ?? "");
      },
      onError: reject,
    });
    const { promise: answered, resolve: onAnswer } = Promise.withResolvers<
      SocketAddress
    >();
    using client = UdpSocket.listen(
      at(everywhere, 5354),
      { ...place, reusePort: false },
      { onDatagram: (_, from) => onAnswer(from), onError: reject },
    );
    client.send(Uint8Array.of(1), at(asked, 5353));
    assert.equal(await told, asked);
    assert.deepEqual(await answered, at(asked, 5353));
  });
}
