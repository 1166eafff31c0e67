/** DNS in a pod: what the mesh knows, and how the server behaves; dig asks. */
import assert from "node:assert/strict";
import { dialTcp } from "../../src/net/dial.ts";
import { hasIpv6Loopback } from "../../src/net/loopback.ts";
import { UdpSocket } from "../../src/net/udp_socket.ts";
import { DnsServer, SystemResolvers } from "../../src/proxy/dns/mod.ts";
import { stopListening } from "../../src/sys/listening.ts";
import {
  answers,
  DnsPod,
  FIRST,
  LISTEN,
  withRcode,
} from "../support/dns_pod.ts";
import { DnsUpstream } from "../support/dns_upstream.ts";
import { at, ip } from "../support/sample_mesh.ts";
import { gone } from "../support/sockets.ts";
import { makeTestNetns } from "../support/test_netns.ts";
import { queryFor, responseTo } from "../wire/dns/messages.ts";

Deno.test("DNS answers the mesh's names by UDP and TCP, IPv4 and IPv6", async () => {
  await using pod = await DnsPod.make();
  for (const more of ["", "+tcp", "@::1", "@::1 +tcp"]) {
    assert.equal(
      await pod.dig("web.ns1.svc.cluster.local", more),
      "NOERROR: A 10.2.0.1",
    );
    assert.equal(await pod.dig("WEB AAAA", more), "NOERROR: AAAA fd02::1");
  }
});

Deno.test("DNS sends a client of UDP to TCP for a long answer", async () => {
  await using pod = await DnsPod.make();
  const count = async (more: string) =>
    (await pod.dig("many.ns1", more)).split(" A ").length - 1;
  assert.equal(await count("+noedns +ignore"), 30);
  assert.equal(await count("+noedns"), 60);
  assert.equal(await count("+bufsize=1232"), 60);
});

Deno.test("DNS reads the resolvers from the file, and goes on when it is gone", async () => {
  await using pod = await DnsPod.make();
  const resolvers = new SystemResolvers(
    "/nowhere/resolv.conf",
    pod.proxy.context.log("dns::forwarder"),
  );
  assert.deepEqual(resolvers.current().servers, ["127.0.0.1"]);
  assert.equal(resolvers.current(), resolvers.current());
  const warnings = pod.proxy.lines().filter((l) => l.includes("/nowhere/"));
  assert.equal(warnings.length, 1);
});

Deno.test("DNS counts and logs what it did", async () => {
  await using pod = await DnsPod.make(`nameserver ${FIRST}`);
  await pod.dig("web.ns1.svc.cluster.local");
  await pod.dig("nobody.example TXT", "+tcp");
  const labels = (type: string, protocol: string) =>
    `{request_query_type="${type}",request_protocol="${protocol}",` +
    `source_canonical_service="web",source_canonical_revision="unknown"}`;
  assert.deepEqual(pod.proxy.series("istio_dns_requests"), [
    `istio_dns_requests_total${labels("a", "udp")} 1`,
    `istio_dns_requests_total${labels("txt", "tcp")} 1`,
  ]);
  assert.deepEqual(
    [
      ...pod.proxy.series("istio_dns_upstream_requests"),
      ...pod.proxy.series("istio_dns_upstream_failures"),
    ],
    [
      `istio_dns_upstream_requests_total${labels("txt", "tcp")} 1`,
      `istio_dns_upstream_failures_total${labels("txt", "tcp")} 1`,
    ],
  );
  const [count] = pod.proxy.series(
    "istio_dns_upstream_request_duration_seconds_count",
  );
  assert.ok(count?.endsWith(" 1"), count);
  const lines = pod.proxy.lines().filter((l) => l.startsWith("debug\tdns\t"));
  assert.deepEqual(lines, [
    'debug\tdns\tsrc.workload="web" src.namespace="ns1" query="A" ' +
    'domain="web.ns1.svc.cluster.local." result="success" endpoints=1',
    'debug\tdns\tsrc.workload="web" src.namespace="ns1" query="TXT" ' +
    'domain="nobody.example." result="forwarding failed (Cannot receive: ' +
    'Connection refused (os error 111))" endpoints=0',
  ]);
});

Deno.test("DNS of a pod that the mesh does not know is SERVFAIL", async () => {
  const workloadOf = () => Promise.resolve(undefined);
  await using pod = await DnsPod.make(undefined, { workloadOf });
  assert.equal(await pod.dig("web.ns1"), "SERVFAIL:");
});

Deno.test("DNS refuses other opcodes and versions of EDNS, and ignores responses", async () => {
  await using pod = await DnsPod.make();
  assert.equal(await pod.dig("web", "+opcode=notify"), "NOTIMP:");
  assert.equal(await pod.dig("web", "+edns=1 +noednsneg"), "BADVERS:");
  assert.equal(await pod.dig("web", "+qr +time=1"), "NOERROR: A 10.2.0.1");
  const response = responseTo(queryFor("web"), []);
  assert.equal(await pod.resolver.answer(response, "udp"), undefined);
});

Deno.test("DNS survives 10,000 packets of noise", async () => {
  await using pod = await DnsPod.make();
  using upstream = new DnsUpstream(pod.netns.fd, FIRST, withRcode(3));
  const { fd } = pod.netns;
  using noise = UdpSocket.connect(at("127.0.0.1", 15_053), { netns: fd }, {
    onDatagram() {},
    onError() {},
  });
  const real = queryFor("web.ns1.svc.cluster.local");
  for (let i = 0; i < 10_000; i++) {
    const octets = i % 2 === 0
      ? crypto.getRandomValues(new Uint8Array(i % 700))
      : real.map((octet) => Math.random() < 0.1 ? Math.random() * 256 : octet);
    noise.send(octets);
    if (i % 50 === 0) await new Promise((resolve) => setTimeout(resolve));
  }
  assert.equal(await pod.dig("web.ns1"), "NOERROR: A 10.2.0.1");
  assert.equal(await pod.dig("web.ns1", "+tcp"), "NOERROR: A 10.2.0.1");
  assert.ok(upstream.asked.length > 0);
});

Deno.test("DNS ends a connection that asks nothing", async () => {
  await using pod = await DnsPod.make();
  const netns = pod.netns.fd;
  const to = at("127.0.0.1", 15_053);
  const socket = await dialTcp(to, { netns, tuning: {} });
  socket.write(Uint8Array.of(0, 40, 1));
  socket.resume();
  await new Promise((resolve) => socket.on("end", resolve));
  await gone(socket);
});

Deno.test("DNS answers the queries of one connection one after the other", async () => {
  await using pod = await DnsPod.make();
  const text = await pod.netns.sh(
    "dig -p 15053 @127.0.0.1 +tcp +keepopen +short web.ns1 many.ns1 web.ns1",
  );
  assert.equal(text.split("\n").length, 63);
});

Deno.test("DNS that is drained answers what was asked and takes nothing new", async () => {
  await using pod = await DnsPod.make(`nameserver ${FIRST}\noptions timeout:3`);
  let release = () => {};
  const { fd } = pod.netns;
  const held = new Promise<void>((resolve) => release = resolve);
  const late = UdpSocket.listen(
    at(FIRST, 53),
    { netns: fd, reusePort: false },
    {
      onDatagram: (octets, from) => {
        arrived();
        void held.then(() => late.send(answers(octets, from)[0]!, from));
      },
      onError() {},
    },
  );
  using _late = late;
  let arrived = () => {};
  const asked = new Promise<void>((resolve) => arrived = resolve);
  const reply = pod.dig("x.example");
  await asked;
  const drained = pod.server.drain();
  assert.equal(await pod.dig("web.ns1", "+time=1"), "no answer:");
  release();
  await drained;
  assert.equal(await reply, "NOERROR: A 192.0.2.7");
});

const retired: [how: string, retire: (server: DnsServer) => unknown][] = [
  ["is drained", (server) => server.drain()],
  ["is of a thread that hangs", (s) => s.listening.forEach(stopListening)],
];
for (const [how, retire] of retired) {
  Deno.test(`a pod's DNS servers share its queries, until one ${how}`, async () => {
    await using pod = await DnsPod.make();
    const other = new DnsServer({
      listen: LISTEN,
      ipv6: true,
      netns: pod.netns.fd,
      mark: undefined,
      reusePort: true,
      log: pod.proxy.context.log("dns::server"),
    }, () => pod.resolver);
    await retire(other);
    for (const more of ["", "+tcp", "@::1", "@::1 +tcp"]) {
      for (let i = 0; i < 6; i++) {
        assert.equal(await pod.dig("web.ns1", more), "NOERROR: A 10.2.0.1");
      }
    }
    other.stop();
  });
}

Deno.test("lookUp() finds what the pod would", async () => {
  await using pod = await DnsPod.make();
  using _upstream = new DnsUpstream(pod.netns.fd, FIRST, answers);
  const { resolver } = pod;
  assert.deepEqual(await resolver.lookUp("web.ns1", 4), [ip("10.2.0.1")]);
  assert.deepEqual(await resolver.lookUp("web.ns1", 6), [ip("fd02::1")]);
  assert.deepEqual(await resolver.lookUp("x.example", 4), [ip("192.0.2.7")]);
  assert.deepEqual(await resolver.lookUp("x..example", 4), []);
});

Deno.test("hasIpv6Loopback() is false where IPv6 is off", async () => {
  await using netns = await makeTestNetns();
  assert.equal(hasIpv6Loopback(netns.fd), true);
  await netns.sh("sysctl -qw net.ipv6.conf.all.disable_ipv6=1");
  assert.equal(hasIpv6Loopback(netns.fd), false);
});
