import assert from "node:assert/strict";
import type { ProxyContext } from "../../src/proxy/context.ts";
import { serveOutbound } from "../../src/proxy/outbound.ts";
import { PROXY_SETTINGS, type TestProxy } from "../support/proxy_context.ts";
import { freePort, TestListener } from "../support/sockets.ts";
import {
  APP_PORT,
  captured,
  ipOf,
  listenApp,
  listenHbone,
  makePods,
  type Pods,
  proxyOf,
} from "./mesh_pair.ts";

const octets = (text: string) => new TextEncoder().encode(text);

const errorsOf = (proxy: TestProxy): string[] =>
  proxy.lines().flatMap((line) => /error="([^"]*)"/.exec(line)?.[1] ?? []);

/** Sends a word through what was captured, and gives what an echo answers. */
async function echoed(
  proxy: TestProxy,
  target: { ip: string; port: number },
): Promise<string> {
  await using call = await captured(target);
  const serving = serveOutbound(proxy.context, proxy.served, call.accepted);
  call.app.write(octets("hello"));
  await call.heard.until(() => call.heard.length === 5);
  call.app.reset();
  await serving;
  return new TextDecoder().decode(call.heard.octets);
}

/** Serves one that goes nowhere, until the application sees its end. */
async function refused(
  proxy: TestProxy,
  target: { ip: string; port: number },
): Promise<void> {
  await using call = await captured(target);
  await serveOutbound(proxy.context, proxy.served, call.accepted);
  await call.heard.closed();
  assert.ok(call.heard.error !== undefined, "it ended like an answer");
}

Deno.test("serveOutbound() carries what the mesh does not know as it is", async () => {
  const { client, mesh } = makePods();
  const proxy = proxyOf(client, mesh);
  const port = freePort();
  await using server = new TestListener(port);
  server.serveEcho();
  assert.equal(await echoed(proxy, { ip: "127.0.0.1", port }), "hello");
  const [line = ""] = proxy.lines().filter((l) => l.includes("bytes_sent"));
  assert.match(line, /direction="outbound"/);
  assert.match(line, new RegExp(`dst.addr=127\\.0\\.0\\.1:${port}`));
});

Deno.test("serveOutbound() forgets a connection that is reset after its half was ended", async () => {
  const { client, mesh } = makePods();
  const proxy = proxyOf(client, mesh);
  const port = freePort();
  await using server = new TestListener(port);
  await using call = await captured({ ip: "127.0.0.1", port });
  const serving = serveOutbound(proxy.context, proxy.served, call.accepted);
  const { socket } = await server.accept();
  const ended = new Promise((resolve) => socket.on("end", resolve));
  socket.resume();
  call.app.end();
  await ended;
  assert.equal(proxy.served.connections.size, 1);
  call.app.reset();
  await serving;
  assert.equal(proxy.served.connections.size, 0);
});

Deno.test("serveOutbound() carries a connection in a tunnel to a pod of the mesh", async () => {
  const { client, server, mesh } = makePods();
  const [near, far] = [proxyOf(client, mesh), proxyOf(server, mesh)];
  await using tunnels = listenHbone(far, server);
  await using app = listenApp(server);
  app.serveEcho();
  for (const ip of ["10.1.0.1", ipOf(server)]) {
    const port = ip === "10.1.0.1" ? 80 : APP_PORT;
    assert.equal(await echoed(near, { ip, port }), "hello");
  }
  assert.equal(tunnels.count, 1, "both shared one tunnel");
  const lines = near.lines().filter((l) => l.includes("bytes_sent"));
  assert.match(lines[0] ?? "", /dst.service="server\.ns1\.svc/);
  assert.match(lines[0] ?? "", new RegExp(`hbone_addr=${ipOf(server)}:8080`));
  assert.ok(!(lines[1] ?? "").includes("dst.service"));
  near.served.pool.destroy();
  far.served.inboundSessions.destroy();
});

Deno.test("serveOutbound() carries a connection in the clear to a pod without a tunnel", async () => {
  const { client, server, mesh } = makePods({ protocol: "TCP" });
  const proxy = proxyOf(client, mesh);
  await using app = listenApp(server);
  app.serveEcho();
  assert.equal(await echoed(proxy, { ip: "10.1.0.1", port: 80 }), "hello");
});

const nowhere: [
  name: string,
  target: (pods: Pods) => { ip: string; port: number },
  error: RegExp,
  fields: Partial<ProxyContext>,
][] = [
  [
    "a proxy's own port",
    ({ server }) => ({ ip: ipOf(server), port: 15_008 }),
    /recursive call/,
    {},
  ],
  [
    "a service's port without endpoints",
    () => ({ ip: "10.1.0.1", port: 81 }),
    /^no healthy upstream: 10\.1\.0\.1:81$/,
    {},
  ],
  [
    "a pod whose proxy is not there",
    ({ server }) => ({ ip: ipOf(server), port: APP_PORT }),
    /Connection refused/,
    {},
  ],
  [
    "anywhere for a pod that the mesh does not know",
    () => ({ ip: "127.0.0.1", port: 1 }),
    /^failed to fetch information about local workload/,
    { workloadOf: () => Promise.resolve(undefined) },
  ],
  [
    "a pod of the mesh without a certificate",
    ({ server }) => ({ ip: ipOf(server), port: APP_PORT }),
    /no certificate/,
    {
      certificates: { get: () => Promise.reject(new Error("no certificate")) },
    },
  ],
];
for (const [name, target, error, fields] of nowhere) {
  Deno.test(`serveOutbound() resets what goes to ${name}, and says why`, async () => {
    const pods = makePods();
    const proxy = proxyOf(pods.client, pods.mesh, fields);
    await refused(proxy, target(pods));
    const [said = ""] = errorsOf(proxy);
    assert.match(said, error);
    assert.equal(proxy.served.connections.size, 0);
  });
}

Deno.test("serveOutbound() resets what cannot be connected in the clear", async () => {
  const { client, mesh } = makePods();
  const proxy = proxyOf(client, mesh);
  await refused(proxy, { ip: "127.0.0.1", port: freePort() });
  assert.match(errorsOf(proxy)[0] ?? "", /Connection refused/);
});

for (
  const [name, fields, tunnels] of [
    ["in a tunnel", { nodeLocalLane: false }, 1],
    ["past the tunnel", {}, 0],
  ] as const
) {
  Deno.test(`serveOutbound() carries a connection to a pod of its own ${name}`, async () => {
    const { client, server, mesh } = makePods();
    const far = proxyOf(server, mesh);
    const near = proxyOf(client, mesh, {
      settings: { ...PROXY_SETTINGS, ...fields },
      localPod: ({ uid }) => uid === server.uid ? far.served : undefined,
      workloadOf: callerFirst([client, server]),
    });
    await using listening = listenHbone(far, server);
    await using app = listenApp(server);
    app.serveEcho();
    await using call = await captured({ ip: "10.1.0.1", port: 80 });
    const done = serveOutbound(near.context, near.served, call.accepted);
    call.app.write(octets("hello"));
    await call.heard.until(() => call.heard.length === 5);
    const lanes = near.served.connections.rows().map(({ lane }) => lane);
    assert.ok(lanes.includes(tunnels === 0 ? "local" : "hbone"), `${lanes}`);
    assert.equal(listening.count, tunnels);
    call.app.reset();
    await done;
    near.served.pool.destroy();
    far.served.inboundSessions.destroy();
  });
}

/** The caller's record first, then that of the pod that is called. */
function callerFirst([first, second]: [Pods["client"], Pods["server"]]) {
  let asked = 0;
  return () => Promise.resolve(asked++ === 0 ? first : second);
}
