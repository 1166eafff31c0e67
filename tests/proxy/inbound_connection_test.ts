import assert from "node:assert/strict";
import { type Ip, isIpv6 } from "../../src/model/address.ts";
import { EMPTY_DELTA } from "../../src/model/delta.ts";
import { EMPTY_MATCH, type Policy } from "../../src/model/policy.ts";
import { TcpStream } from "../../src/net/tcp_stream.ts";
import {
  type Downstream,
  type InboundConnection,
  serveInbound,
} from "../../src/proxy/inbound_connection.ts";
import { TestProxy } from "../support/proxy_context.ts";
import { Recorder } from "../support/recorder.ts";
import { at, pod } from "../support/sample_mesh.ts";
import { freePort, makeTcpPair, TestListener } from "../support/sockets.ts";

const web = pod("web", ["127.0.0.1"]);

/** A connection to `port` of this machine; what it is refused with is kept. */
function inboundTo(
  proxy: TestProxy,
  port: number,
  accept: Downstream["accept"],
): { inbound: InboundConnection; refusals: number[] } {
  const refusals: number[] = [];
  const [src, dst] = [at("127.0.0.1", 40_000), at("127.0.0.1", port)];
  assert.ok(!isIpv6(dst.ip as Ip));
  const inbound: InboundConnection = {
    pod: proxy.served,
    workload: web,
    src,
    dst,
    traffic: { reporter: "destination", src, dst, mutualTls: false },
    row: {
      direction: "inbound",
      src,
      actualDst: dst,
      protocol: "TCP",
      lane: "plaintext",
      relay: "user",
    },
    downstream: { accept, refuse: (status) => refusals.push(status) },
  };
  return { inbound, refusals };
}

const never = () => {
  throw new Error("accepted");
};

const deny: Policy = {
  key: "ns1/no" as Policy["key"],
  name: "no",
  namespace: "ns1",
  scope: "Namespace",
  action: "Deny",
  dryRun: false,
  rules: [[[{ ...EMPTY_MATCH, notDestinationPorts: [1] }]]],
};

const FAILED = "istio_tcp_connections_failed_total";
const flagOf = (proxy: TestProxy) =>
  proxy.series(FAILED).map((line) =>
    /response_flags="([^"]*)"/.exec(line)?.[1]
  );

Deno.test("serveInbound() does not dial what policy denies", async () => {
  const proxy = new TestProxy({ workloads: [web], policies: [deny] });
  const port = freePort();
  await using application = new TestListener(port);
  const { inbound, refusals } = inboundTo(proxy, port, never);
  const end = await serveInbound(proxy.context, inbound);
  assert.deepEqual([end.status, refusals, application.count], [401, [401], 0]);
  assert.deepEqual(flagOf(proxy), ["DENY"]);
  assert.equal(proxy.served.connections.size, 0);
});

Deno.test("serveInbound() says when the application does not answer", async () => {
  const proxy = new TestProxy({ workloads: [web] });
  const { inbound, refusals } = inboundTo(proxy, freePort(), never);
  const end = await serveInbound(proxy.context, inbound);
  assert.deepEqual([end.status, refusals], [503, [503]]);
  assert.equal(
    end.failure?.error,
    "connection failed: Connection refused (os error 111)",
  );
  assert.deepEqual(flagOf(proxy), ["CONNECT"]);
});

/** Serves one connection whose client is the test. */
async function served(
  run: (parts: {
    proxy: TestProxy;
    client: TcpStream;
    heard: Recorder;
    application: TcpStream;
    ended: ReturnType<typeof serveInbound>;
  }) => Promise<void>,
  preamble?: Uint8Array,
): Promise<void> {
  const proxy = new TestProxy({ workloads: [web] });
  const port = freePort();
  await using listener = new TestListener(port);
  await using tcp = await makeTcpPair();
  const accept = () => new TcpStream(tcp.server);
  const { inbound } = inboundTo(proxy, port, accept);
  const also = preamble === undefined ? inbound : { ...inbound, preamble };
  const ended = serveInbound(proxy.context, also);
  const application = new TcpStream((await listener.accept()).socket);
  const client = new TcpStream(tcp.client);
  const heard = new Recorder();
  client.attach(heard);
  await run({ proxy, client, heard, application, ended });
}

Deno.test("serveInbound() carries octets, counts and logs them, and lists the connection meanwhile", async () => {
  await served(async ({ proxy, client, heard, application, ended }) => {
    const received = new Recorder();
    application.attach(received);
    client.write(new Uint8Array(5));
    await received.until(() => received.length === 5);
    assert.equal(proxy.served.connections.rows()[0]?.lane, "plaintext");
    application.write(new Uint8Array(7));
    application.end();
    await heard.ended();
    client.end();
    const end = { status: 200, failure: undefined, cut: false };
    assert.deepEqual(await ended, end);
    assert.equal(proxy.served.connections.size, 0);
    const [line] = proxy.lines().filter((l) =>
      l.includes("connection complete")
    );
    assert.match(line!, /bytes_sent=7 bytes_recv=5/);
    assert.deepEqual(flagOf(proxy), []);
  });
});

Deno.test("serveInbound() gives the application the preamble first", async () => {
  await served(async ({ client, application, ended }) => {
    const received = new Recorder();
    application.attach(received);
    client.write(Uint8Array.of(2));
    client.end();
    await received.ended();
    assert.deepEqual(received.octets, Uint8Array.of(1, 1, 2));
    application.end();
    await ended;
  }, Uint8Array.of(1, 1));
});

Deno.test("serveInbound() cuts a connection that policy no longer allows, and says so", async () => {
  await served(async ({ proxy, heard, application, ended }) => {
    const received = new Recorder();
    application.attach(received);
    proxy.mesh.apply({ ...EMPTY_DELTA, policies: [deny] });
    proxy.served.connections.recheck();
    const end = await ended;
    assert.equal(end.failure?.error, "connection closed due to policy change");
    await Promise.all([heard.closed(), received.closed()]);
    assert.ok(heard.error !== undefined && received.error !== undefined);
    assert.deepEqual(flagOf(proxy), ["DENY"]);
    const said = proxy.lines().filter((l) => l.includes("no longer allowed"));
    assert.equal(said.length, 1);
  });
});

Deno.test("serveInbound() ends what comes after its pod was stopped", async () => {
  const proxy = new TestProxy({ workloads: [web] });
  const port = freePort();
  await using _application = new TestListener(port);
  proxy.served.connections.cancelAll("pod-removed");
  const { inbound, refusals } = inboundTo(proxy, port, never);
  const end = await serveInbound(proxy.context, inbound);
  assert.equal(end.failure?.error, "connection closed due to connection drain");
  assert.deepEqual(refusals, [503]);
});

Deno.test("serveInbound() finishes its record also when something breaks", async () => {
  const proxy = new TestProxy({ workloads: [web] });
  const port = freePort();
  await using _application = new TestListener(port);
  const { inbound } = inboundTo(proxy, port, never);
  await assert.rejects(serveInbound(proxy.context, inbound), /accepted/);
  assert.equal(proxy.served.connections.size, 0);
  assert.deepEqual(flagOf(proxy), ["CONNECT"]);
});
