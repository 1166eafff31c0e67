import assert from "node:assert/strict";
import { EMPTY_DELTA } from "../../src/model/delta.ts";
import { EMPTY_MATCH, type Policy } from "../../src/model/policy.ts";
import { serveOutbound } from "../../src/proxy/outbound.ts";
import { PROXY_SETTINGS } from "../support/proxy_context.ts";
import { idOf, pod } from "../support/sample_mesh.ts";
import { TestListener } from "../support/sockets.ts";
import { captured, ipOf, listenApp } from "./mesh_pair.ts";
import {
  HOST,
  type NetworkOptions,
  Networks,
  REMOTE,
  VIP,
} from "./network_gateway.ts";

const octets = (text: string) => new TextEncoder().encode(text);

/** One connection of the client's application to the service. */
async function call(networks: Networks) {
  const { near } = networks;
  const opened = await captured(VIP);
  const serving = serveOutbound(near.context, near.served, opened.accepted);
  return { ...opened, serving };
}

/** Sends and gives back what an echo answers. */
async function echoed(networks: Networks, text: string): Promise<string> {
  await using opened = await call(networks);
  const { app, heard, serving } = opened;
  const sent = octets(text);
  app.write(sent);
  await heard.until(() => heard.length === sent.length);
  app.end();
  await heard.closed();
  await serving;
  return new TextDecoder().decode(heard.octets);
}

const completed = ({ near }: Networks): string[] =>
  near.lines().filter((line) => line.includes("bytes_sent"));

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 1_000 && !condition(); i++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.ok(condition());
}

/** The server's application: an echo that ends when its client does. */
function listenEcho({ server }: Networks): TestListener {
  const app = listenApp(server);
  app.serveEcho();
  void (async () => {
    for (;;) {
      const { socket } = await app.accept();
      socket.on("end", () => socket.end());
    }
  })();
  return app;
}

Deno.test("serveOutbound() reaches a service of another network by a tunnel in its gateway's", async () => {
  await using networks = new Networks();
  await using _app = listenEcho(networks);
  assert.equal(await echoed(networks, "hello"), "hello");
  const [line = ""] = completed(networks);
  const { gateway } = networks;
  for (
    const said of [
      `dst.addr=${ipOf(gateway)}:15008`,
      `dst.hbone_addr=${HOST}:80`,
      `dst.service="${HOST}"`,
      `dst.workload="server-v1"`,
      `dst.cluster="cluster-2"`,
      `dst.identity="${idOf("server")}"`,
      `src.identity="${idOf("client")}"`,
      "bytes_sent=5 bytes_recv=5",
    ]
  ) assert.ok(line.includes(said), `${said} in ${line}`);
  assert.doesNotMatch(line, /error=/);
});

Deno.test("a network gateway is asked for what the server is, and sees TLS only", async () => {
  await using networks = new Networks();
  await using _app = listenEcho(networks);
  await echoed(networks, "in the clear");
  const [{ headers, chunks } = { headers: [], chunks: [] }] = networks.passed;
  const fields = new Map(headers.map(([name, value]) => [name, value]));
  assert.equal(fields.get(":authority"), `${HOST}:80`);
  assert.match(fields.get("forwarded") ?? "", new RegExp(`;host=${HOST}$`));
  assert.equal(fields.get("x-forwarded-network"), undefined);
  const HANDSHAKE = 0x16;
  assert.equal(chunks[0]?.[0], HANDSHAKE);
  const seen = chunks.map((c) => new TextDecoder("latin1").decode(c)).join("");
  for (const text of ["in the clear", HOST, "spiffe"]) {
    assert.ok(!seen.includes(text), text);
  }
});

Deno.test("the far end of a nested tunnel takes no pod of its own network for the client", async () => {
  await using networks = new Networks();
  await using _app = listenEcho(networks);
  const { far } = networks;
  const SOURCE_OF_GATEWAY = "127.0.0.1";
  const lookalike = pod("lookalike", [SOURCE_OF_GATEWAY], { network: REMOTE });
  far.mesh.apply({ ...EMPTY_DELTA, workloads: [lookalike] });
  await echoed(networks, "hello");
  await until(() => far.lines().some((line) => line.includes("bytes_sent")));
  const line = far.lines().find((line) => line.includes("bytes_sent")) ?? "";
  assert.ok(line.includes(`src.identity="${idOf("client")}"`), line);
  assert.ok(line.includes(`dst.hbone_addr=${HOST}:80`), line);
  assert.doesNotMatch(line, /error=|lookalike/);
});

Deno.test("nested tunnels share the gateway's, and close with their connections", async () => {
  await using networks = new Networks();
  await using _app = listenEcho(networks);
  const said = ["one", "two", "three"];
  const heard = await Promise.all(said.map((text) => echoed(networks, text)));
  assert.deepEqual(heard, said);
  assert.equal(networks.outer.count, 1);
  assert.equal(networks.inner.count, said.length);
  const { far, middle, near } = networks;
  await until(() => far.served.inboundSessions.size === 0);
  assert.equal(middle.served.inboundSessions.size, 1);
  assert.equal(near.served.pool.size, 1);
  assert.equal(near.served.connections.size, 0);
});

Deno.test("a nested tunnel carries many octets both ways at the pace of its ends", async () => {
  await using networks = new Networks();
  await using _app = listenEcho(networks);
  const text = "0123456789abcdef".repeat(512 * 1024);
  assert.ok(await echoed(networks, text) === text);
  const [line = ""] = completed(networks);
  const { length } = text;
  assert.ok(line.includes(`bytes_sent=${length} bytes_recv=${length}`), line);
});

Deno.test("a nested tunnel names no workload when its far end says nothing", async () => {
  await using networks = new Networks({
    farSettings: { ...PROXY_SETTINGS, network: REMOTE, responseBaggage: false },
  });
  await using _app = listenEcho(networks);
  await echoed(networks, "hello");
  const [line = ""] = completed(networks);
  assert.doesNotMatch(line, /dst\.workload/);
  assert.ok(line.includes(`dst.identity="${idOf("server")}"`), line);
});

const DEAF = { onData() {}, onDrain() {}, onEnd() {}, onClose() {} };
const UNEXPECTED = "did not present the expected SAN";
const failures: [
  name: string,
  options: NetworkOptions,
  error: RegExp,
  flag: string,
][] = [
  [
    "a gateway that is somebody else",
    { gatewayIs: "intruder" },
    new RegExp(`^io error: .*${UNEXPECTED} \\(.*/sa/gw\\), got .*/intruder$`),
    "CONNECT",
  ],
  [
    "a server that is somebody else",
    { serverIs: "intruder" },
    new RegExp(`^inner tunnel: io error: .*${UNEXPECTED} .*/sa/intruder$`),
    "CONNECT",
  ],
  [
    "a server for whom its service does not vouch",
    { vouched: [] },
    new RegExp(`^inner tunnel: io error: .*${UNEXPECTED} \\(\\), got`),
    "CONNECT",
  ],
  [
    "a gateway that answers 503",
    { atGateway: (stream) => stream.refuse([[":status", "503"]]) },
    /^http status: 503 Service Unavailable$/,
    "CONNECT",
  ],
  [
    "a gateway that resets the request",
    { atGateway: (stream) => stream.reset() },
    /^h2 failed: stream reset by peer: CANCEL$/,
    "H2_HANDSHAKE_FAILURE",
  ],
  [
    "a gateway that ends the tunnel at once",
    {
      atGateway(stream) {
        stream.sendHeaders([[":status", "200"]], true);
      },
    },
    /^inner tunnel: io error: /,
    "CONNECT",
  ],
  [
    "a gateway that resets the tunnel in the inner handshake",
    {
      atGateway(stream) {
        stream.sendHeaders([[":status", "200"]], false);
        stream.attach({ ...DEAF, onData: () => stream.reset() });
      },
    },
    /^inner tunnel: io error: .*stream reset by peer: CANCEL/,
    "CONNECT",
  ],
  [
    "a gateway that talks nonsense in place of TLS",
    {
      atGateway(stream) {
        stream.sendHeaders([[":status", "200"]], false);
        stream.attach(DEAF);
        stream.write(octets("HTTP/1.1 200 OK\r\n\r\n".repeat(1_000)));
      },
    },
    /^inner tunnel: io error: /,
    "CONNECT",
  ],
];

for (const [name, options, error, flag] of failures) {
  Deno.test(`serveOutbound() resets what goes by ${name}, and says why`, async () => {
    await using networks = new Networks(options);
    await using app = listenEcho(networks);
    await using opened = await call(networks);
    opened.app.write(octets("secret"));
    await opened.serving;
    await opened.heard.closed();
    assert.ok(opened.heard.error !== undefined, "it ended like an answer");
    assert.equal(opened.heard.length, 0);
    assert.equal(app.count, 0, "the application was reached");
    const [line = ""] = completed(networks);
    assert.match(/error="(.*)"/.exec(line)?.[1] ?? line, error);
    const { near } = networks;
    assert.equal(near.served.connections.size, 0);
    const [failed = ""] = near.series("istio_tcp_connections_failed_total");
    assert.ok(failed.includes(`response_flags="${flag}"`), failed);
    assert.ok(failed.includes('destination_workload="gw-v1"'), failed);
  });
}

Deno.test("a tunnel to the gateway serves on when an inner one has failed", async () => {
  let broken = true;
  await using networks = new Networks({
    atGateway(stream) {
      if (!broken) return void networks.handOn(stream);
      stream.sendHeaders([[":status", "200"]], false);
      stream.attach(DEAF);
      stream.write(octets("no TLS"));
    },
  });
  await using _app = listenEcho(networks);
  await using first = await call(networks);
  await first.serving;
  broken = false;
  assert.equal(await echoed(networks, "hello"), "hello");
  assert.equal(networks.outer.count, 1);
});

/** Lets only a service account in that nobody has. */
const NOBODY: Policy = {
  key: "ns1/nobody" as Policy["key"],
  name: "nobody",
  namespace: "ns1",
  scope: "Namespace",
  action: "Allow",
  dryRun: false,
  rules: [[[{ ...EMPTY_MATCH, destinationPorts: [1] }]]],
};

Deno.test("a nested tunnel that policy refuses at its far end says so", async () => {
  await using networks = new Networks();
  const { far, server } = networks;
  far.mesh.apply({ ...EMPTY_DELTA, workloads: [server], policies: [NOBODY] });
  await using _app = listenEcho(networks);
  await using opened = await call(networks);
  await opened.serving;
  const [line = ""] = completed(networks);
  assert.ok(
    line.includes('error="inner tunnel: http status: 401 Unauthorized"'),
    line,
  );
});

Deno.test("a drain ends nested tunnels at once, and frees the gateway's stream", async () => {
  await using networks = new Networks();
  await using _app = listenEcho(networks);
  await using opened = await call(networks);
  opened.app.write(octets("hello"));
  await opened.heard.until(() => opened.heard.length === 5);
  const { near, middle, far } = networks;
  const [row] = near.served.connections.rows();
  assert.deepEqual([row?.protocol, row?.lane], ["DOUBLEHBONE", "hbone"]);
  near.served.connections.cancelAll("drain");
  await opened.serving;
  await opened.heard.closed();
  const [line = ""] = completed(networks);
  assert.match(line, /error="connection closed due to connection drain"/);
  await until(() => far.served.inboundSessions.size === 0);
  assert.equal(middle.served.inboundSessions.size, 1);
});
