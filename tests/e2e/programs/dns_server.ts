/**
 * A DNS server outside the mesh: every name under `.example` has the address
 * 192.0.2.7 or 2001:db8::7, no other name exists. Says what it is asked, and by
 * whom. Arguments: none.
 */
import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { decode, encode } from "@dnsquery/dns-packet";

function reply(query: Uint8Array, from: string, protocol: string): Uint8Array {
  const { id = 0, questions = [] } = decode(query);
  const [question] = questions;
  const name = question?.name ?? "";
  const type = question?.type === "AAAA" ? "AAAA" as const : "A" as const;
  console.log(`asked ${name} ${question?.type} by ${protocol} from ${from}`);
  const exists = name.endsWith(".example");
  const data = type === "A" ? "192.0.2.7" : "2001:db8::7";
  return encode({
    type: "response",
    id,
    flags: exists ? 0 : 3,
    questions,
    answers: exists ? [{ type, name, ttl: 60, data }] : [],
  });
}

const udp = createSocket({ type: "udp6" });
udp.on("message", (query, { address, port }) => {
  udp.send(reply(query, address, "udp"), port, address);
});
udp.bind(53, "::", () => console.log("listening"));

createServer((socket) => {
  socket.on("error", () => {});
  socket.on("data", (octets: Uint8Array) => {
    const from = socket.remoteAddress ?? "";
    const answer = reply(octets.subarray(2), from, "tcp");
    socket.write(Uint8Array.of(answer.length >> 8, answer.length & 255));
    socket.write(answer);
  });
}).listen(53, "::");
