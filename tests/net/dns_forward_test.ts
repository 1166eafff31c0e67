/** DNS queries that are not the mesh's, on their way to upstreams of every temper. */
import assert from "node:assert/strict";
import { UdpSocket } from "../../src/net/udp_socket.ts";
import { withId } from "../../src/wire/dns/mod.ts";
import {
  answers,
  DnsPod,
  FIRST,
  nothing,
  SECOND,
  truncated,
  withRcode,
} from "../support/dns_pod.ts";
import { DnsUpstream, type Script } from "../support/dns_upstream.ts";
import { at } from "../support/sample_mesh.ts";
import { queryFor, responseTo } from "../wire/dns/messages.ts";

const forwards: [
  what: string,
  first: Script | [udp: Script, tcp: Script] | undefined,
  second: Script | undefined,
  more: string,
  want: string,
][] = [
  ["an answer", answers, undefined, "", "NOERROR: A 192.0.2.7"],
  ["it by TCP too", answers, undefined, "+tcp", "NOERROR: A 192.0.2.7"],
  ["NXDOMAIN", withRcode(3), answers, "", "NXDOMAIN:"],
  [
    "the second's, the first being dumb",
    nothing,
    answers,
    "",
    "NOERROR: A 192.0.2.7",
  ],
  [
    "the second's, the first being absent",
    undefined,
    answers,
    "",
    "NOERROR: A 192.0.2.7",
  ],
  [
    "the second's, the first refusing",
    withRcode(5),
    answers,
    "",
    "NOERROR: A 192.0.2.7",
  ],
  ["a refusal when all refuse", withRcode(5), withRcode(5), "", "REFUSED:"],
  ["SERVFAIL when nobody is there", undefined, undefined, "", "SERVFAIL:"],
  [
    "no truncated answer by TCP",
    [truncated, answers],
    undefined,
    "+tcp",
    "NOERROR: A 192.0.2.7",
  ],
  [
    "a truncated one by UDP",
    [truncated, answers],
    undefined,
    "+ignore",
    "NOERROR:",
  ],
  [
    "the second's when the first's TCP fails",
    [truncated, nothing],
    answers,
    "+tcp",
    "NOERROR: A 192.0.2.7",
  ],
  [
    "the true answer behind garbage, a wrong id and another question's",
    (query, from) => [
      new Uint8Array(3),
      withId(answers(query, from)[0]!, 1),
      responseTo(queryFor("evil.example"), []),
      ...answers(query, from),
    ],
    undefined,
    "",
    "NOERROR: A 192.0.2.7",
  ],
  [
    "the second's when somebody guesses at the first's id",
    (query) =>
      Array.from({ length: 100 }, (_, id) => withId(responseTo(query, []), id)),
    answers,
    "",
    "NOERROR: A 192.0.2.7",
  ],
];
for (const [what, first, second, more, want] of forwards) {
  Deno.test(`DNS forwards, and gives ${what}`, async () => {
    await using pod = await DnsPod.make();
    const { fd } = pod.netns;
    using stack = new DisposableStack();
    if (first !== undefined) {
      const [udp, tcp] = Array.isArray(first) ? first : [first, first];
      stack.use(new DnsUpstream(fd, FIRST, udp, tcp));
    }
    if (second !== undefined) stack.use(new DnsUpstream(fd, SECOND, second));
    assert.equal(await pod.dig("x.example", more), want);
  });
}

Deno.test("DNS asks upstreams from other ports under other ids each time", async () => {
  await using pod = await DnsPod.make();
  using upstream = new DnsUpstream(pod.netns.fd, FIRST, answers);
  for (let i = 0; i < 8; i++) await pod.dig("x.example");
  const ports = new Set(upstream.asked.map(({ from }) => from.port));
  const ids = new Set(
    upstream.asked.map(({ octets }) => octets.subarray(0, 2).join()),
  );
  assert.ok(ports.size >= 6 && ids.size >= 6, `${ports.size} ${ids.size}`);
});

Deno.test("DNS hears nobody but the upstream that it asked", async () => {
  await using pod = await DnsPod.make(`nameserver ${FIRST}\noptions timeout:1`);
  const { fd } = pod.netns;
  const evil = UdpSocket.listen(at(SECOND, 53), {
    netns: fd,
    reusePort: false,
  }, { onDatagram() {}, onError() {} });
  using _evil = evil;
  const forged = (query: Uint8Array) =>
    responseTo(query, [{ type: "A", name: "x.example", data: "6.6.6.6" }]);
  using upstream = new DnsUpstream(fd, FIRST, (query, from) => {
    // It knows id and port, and is not the one that was asked.
    for (let i = 0; i < 5; i++) evil.send(forged(query), from);
    return answers(query, from);
  });
  assert.equal(await pod.dig("x.example"), "NOERROR: A 192.0.2.7");
  assert.equal(upstream.asked.length, 1);
});
