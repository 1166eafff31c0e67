import assert from "node:assert/strict";
import { EMPTY_MATCH, type Policy } from "../../src/model/policy.ts";
import type { HeaderList } from "../../src/model/http.ts";
import { dialTcp } from "../../src/net/dial.ts";
import { H2Session } from "../../src/net/h2_session.ts";
import type { H2Stream } from "../../src/net/h2_stream.ts";
import { connectTls } from "../../src/net/tls_client.ts";
import { TlsTransport } from "../../src/net/tls_transport.ts";
import { identityOf, type ProxyContext } from "../../src/proxy/context.ts";
import { HTTP2 } from "../support/h2_pair.ts";
import { PROXY_SETTINGS, type TestProxy } from "../support/proxy_context.ts";
import { Recorder } from "../support/recorder.ts";
import { at, idOf } from "../support/sample_mesh.ts";
import {
  APP_PORT,
  certificates,
  HOST,
  ipOf,
  listenApp,
  listenHbone,
  makePods,
  type Pods,
  proxyOf,
} from "./mesh_pair.ts";

/** The client's end of a tunnel to the server pod, and the server's proxy. */
class Tunnel implements AsyncDisposable {
  private constructor(
    readonly pods: Pods,
    readonly proxy: TestProxy,
    readonly session: H2Session,
    readonly listener: AsyncDisposable,
  ) {}

  static async open(
    policies: readonly Policy[] = [],
    fields: Partial<ProxyContext> = {},
  ): Promise<Tunnel> {
    const pods = makePods();
    const { client, server } = pods;
    const proxy = proxyOf(server, { ...pods.mesh, policies }, fields);
    const listener = listenHbone(proxy, server);
    const raw = await dialTcp(at(ipOf(server), 15_008), { tuning: {} });
    const certificate = await certificates.get(identityOf(client));
    const expected = [idOf("server")];
    const socket = await connectTls(raw, { certificate, expected });
    const session = new H2Session(new TlsTransport(socket), {
      role: "client",
      http2: HTTP2,
    });
    return new Tunnel(pods, proxy, session, listener);
  }

  /** Asks for something and waits for the answer's head. */
  async ask(headers: HeaderList): Promise<{
    stream: H2Stream;
    response: HeaderList;
  }> {
    const stream = this.session.open(headers);
    assert.ok(stream !== undefined);
    return { stream, response: await stream.response() };
  }

  connect(authority: string, ...more: HeaderList) {
    return this.ask([
      [":method", "CONNECT"],
      [":authority", authority],
      ...more,
    ]);
  }

  get address(): string {
    return `${ipOf(this.pods.server)}:${APP_PORT}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.session.destroy();
    this.proxy.served.inboundSessions.destroy();
    await this.proxy.served.inboundSessions.whenEmpty();
    await this.listener[Symbol.asyncDispose]();
  }
}

const statusOf = (headers: HeaderList): string | undefined =>
  headers.find(([name]) => name === ":status")?.[1];

const denyClient: Policy = {
  key: "ns1/deny",
  name: "deny",
  namespace: "ns1",
  scope: "Namespace",
  action: "Deny",
  dryRun: false,
  rules: [[[{
    ...EMPTY_MATCH,
    principals: [{ kind: "exact", value: "cluster.local/ns/ns1/sa/client" }],
  }]]],
};

const refusals: [
  name: string,
  request: (tunnel: Tunnel) => HeaderList,
  status: string,
  said: RegExp,
  policies?: readonly Policy[],
  fields?: Partial<ProxyContext>,
][] = [
  [
    "another method",
    () => [
      [":method", "GET"],
      [":scheme", "http"],
      [":authority", "a"],
      [":path", "/"],
    ],
    "400",
    /expected method CONNECT, got GET/,
  ],
  [
    "an authority that is none",
    () => [[":method", "CONNECT"], [":authority", "web"]],
    "400",
    /no valid authority pseudo header: web/,
  ],
  [
    "another pod's address",
    ({ pods }) => [
      [":method", "CONNECT"],
      [":authority", `${ipOf(pods.client)}:1`],
    ],
    "400",
    /ip mismatch/,
  ],
  [
    "a port of the proxy's own",
    ({ pods }) => [
      [":method", "CONNECT"],
      [":authority", `${ipOf(pods.server)}:15006`],
    ],
    "503",
    /recursive call/,
  ],
  [
    "a number of waypoints that is none",
    ({ address }) => [
      [":method", "CONNECT"],
      [":authority", address],
      ["x-hairpin-hops", "many"],
    ],
    "400",
    /not a number/,
  ],
  [
    "what policy denies",
    ({ address }) => [[":method", "CONNECT"], [":authority", address]],
    "401",
    /policy rejection/,
    [denyClient],
  ],
  [
    "an application that is not there",
    ({ address }) => [[":method", "CONNECT"], [":authority", address]],
    "503",
    /connection failed: Connection refused/,
  ],
];
for (const [name, request, status, said, policies, fields] of refusals) {
  Deno.test(`serveConnect() answers ${status} to ${name}, and says why`, async () => {
    await using tunnel = await Tunnel.open(policies, fields);
    const { response } = await tunnel.ask(request(tunnel));
    assert.equal(statusOf(response), status);
    const lines = tunnel.proxy.lines().filter((line) => said.test(line));
    assert.equal(lines.length, 1, tunnel.proxy.lines().join("\n"));
    assert.equal(tunnel.proxy.served.connections.size, 0);
  });
}

Deno.test("serveConnect() carries octets of one request, and others meanwhile", async () => {
  await using tunnel = await Tunnel.open();
  const { pods, proxy, address } = tunnel;
  await using app = listenApp(pods.server);
  app.serveEcho();
  const asked = await Promise.all([
    tunnel.connect(address),
    tunnel.connect(`${HOST}:80`),
  ]);
  assert.equal(proxy.served.connections.size, 2);
  for (const { stream, response } of asked) {
    assert.equal(statusOf(response), "200");
    const heard = new Recorder();
    stream.attach(heard);
    stream.write(new TextEncoder().encode("hello"));
    await heard.until(() => heard.length === 5);
    stream.reset();
  }
  await proxy.served.connections.whenEmpty();
});

Deno.test("serveConnect() shows who called and what, while it lasts and after", async () => {
  await using tunnel = await Tunnel.open();
  const { pods, proxy, address } = tunnel;
  await using app = listenApp(pods.server);
  app.serveEcho();
  const { stream } = await tunnel.connect(address, [
    "forwarded",
    `for="10.9.9.9:1";host=${HOST}`,
  ]);
  const [row] = proxy.served.connections.rows();
  assert.deepEqual([row?.originalDst, row?.protocol, row?.lane], [
    HOST,
    "HBONE",
    "hbone",
  ]);
  stream.reset();
  await proxy.served.connections.whenEmpty();
  const [line = ""] = proxy.lines().filter((l) => l.includes("bytes_sent"));
  assert.match(
    line,
    /src\.identity="spiffe:\/\/cluster\.local\/ns\/ns1\/sa\/client"/,
  );
  assert.match(line, /dst\.service="server\.ns1\.svc\.cluster\.local"/);
});

for (const responseBaggage of [true, false]) {
  Deno.test(`serveConnect() says who it is when that is wanted: ${responseBaggage}`, async () => {
    await using tunnel = await Tunnel.open([], {
      settings: { ...PROXY_SETTINGS, responseBaggage },
    });
    await using app = listenApp(tunnel.pods.server);
    app.serveEcho();
    const { stream, response } = await tunnel.connect(tunnel.address);
    const baggage = response.find(([name]) => name === "baggage")?.[1];
    assert.equal(
      baggage?.includes("k8s.namespace.name=ns1"),
      responseBaggage || undefined,
    );
    stream.reset();
    await tunnel.proxy.served.connections.whenEmpty();
  });
}

Deno.test("serveConnect() serves no pod that the mesh does not know", async () => {
  let known = true;
  const pods = makePods();
  await using tunnel = await Tunnel.open([], {
    workloadOf: () => Promise.resolve(known ? pods.server : undefined),
  });
  known = false;
  const { response } = await tunnel.connect(tunnel.address);
  assert.equal(statusOf(response), "503");
});
