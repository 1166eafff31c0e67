import assert from "node:assert/strict";
import { EMPTY_DELTA } from "../../src/model/delta.ts";
import { EMPTY_MATCH, type Policy } from "../../src/model/policy.ts";
import type { ProxyContext } from "../../src/proxy/context.ts";
import { serveOutbound } from "../../src/proxy/outbound.ts";
import type { TestProxy } from "../support/proxy_context.ts";
import {
  APP_PORT,
  captured,
  certificates,
  ipOf,
  listenApp,
  makePods,
  proxyOf,
} from "./mesh_pair.ts";

/** One process that serves both pods. */
function bothOf(
  policies: readonly Policy[] = [],
  fields: Partial<ProxyContext> = {},
) {
  const pods = makePods();
  const mesh = { ...pods.mesh, policies };
  const far = proxyOf(pods.server, mesh);
  let asked = 0;
  const near = proxyOf(pods.client, mesh, {
    localPod: () => far.served,
    workloadOf: () =>
      Promise.resolve(asked++ === 0 ? pods.client : pods.server),
    ...fields,
  });
  return { ...pods, near, far };
}

const denying = (account: string): Policy => ({
  key: "ns1/deny",
  name: "deny",
  namespace: "ns1",
  scope: "Namespace",
  action: "Deny",
  dryRun: false,
  rules: [[[{
    ...EMPTY_MATCH,
    principals: [{
      kind: "exact",
      value: `cluster.local/ns/ns1/sa/${account}`,
    }],
  }]]],
});

/** The line that a connection ended with. */
const saidOf = (proxy: TestProxy, direction: string): string =>
  proxy.lines().find((line) =>
    line.includes(`direction="${direction}"`) && !line.includes("opened")
  ) ?? "";

Deno.test("carryLocally() asks the same policy about the same identity", async () => {
  const { server, near, far } = bothOf([denying("client")]);
  await using app = listenApp(server);
  await using call = await captured({ ip: "10.1.0.1", port: 80 });
  await serveOutbound(near.context, near.served, call.accepted);
  await call.heard.closed();
  assert.equal(app.count, 0);
  assert.match(saidOf(near, "inbound"), /connection closed due to policy/);
  assert.match(saidOf(near, "outbound"), /http status: 401 Unauthorized/);
  assert.deepEqual(
    [near.served.connections.size, far.served.connections.size],
    [0, 0],
  );
});

Deno.test("carryLocally() leaves both ends' lines, with identities and octets", async () => {
  const { server, near } = bothOf([denying("another")]);
  await using app = listenApp(server);
  app.serveEcho();
  await using call = await captured({ ip: ipOf(server), port: APP_PORT });
  const done = serveOutbound(near.context, near.served, call.accepted);
  call.app.write(new Uint8Array(5));
  await call.heard.until(() => call.heard.length === 5);
  call.app.reset();
  await done;
  for (const direction of ["inbound", "outbound"]) {
    const line = saidOf(near, direction);
    assert.match(line, /src\.identity="spiffe:.*\/sa\/client"/);
    assert.match(line, /bytes_sent=5 bytes_recv=5/);
  }
});

const failing: [name: string, fields: Partial<ProxyContext>, said: RegExp][] = [
  [
    "a certificate that cannot be had",
    {
      certificates: {
        ...certificates,
        get: () => Promise.reject(new Error("none to be had")),
      },
    },
    /none to be had/,
  ],
  ["an application that is not there", {}, /http status: 503/],
];
for (const [name, fields, said] of failing) {
  Deno.test(`carryLocally() fails for ${name}, as a tunnel would`, async () => {
    const { near } = bothOf([], fields);
    await using call = await captured({ ip: "10.1.0.1", port: 80 });
    await serveOutbound(near.context, near.served, call.accepted);
    await call.heard.closed();
    assert.ok(call.heard.error !== undefined);
    assert.match(saidOf(near, "outbound"), said);
  });
}

Deno.test("carryLocally() is not taken while its pod is not known to the mesh", async () => {
  const { client, near } = bothOf([], {});
  let asked = 0;
  const context = {
    ...near.context,
    workloadOf: () => Promise.resolve(asked++ === 0 ? client : undefined),
  };
  await using call = await captured({ ip: "10.1.0.1", port: 80 });
  await serveOutbound(context, near.served, call.accepted);
  await call.heard.closed();
  assert.match(saidOf(near, "inbound"), /failed to fetch information/);
  assert.match(saidOf(near, "outbound"), /http status: 503/);
});

Deno.test("carryLocally() ends a connection that policy no longer allows, on both sides", async () => {
  const { server, near, far } = bothOf();
  await using app = listenApp(server);
  app.serveEcho();
  await using call = await captured({ ip: "10.1.0.1", port: 80 });
  const done = serveOutbound(near.context, near.served, call.accepted);
  call.app.write(new Uint8Array(1));
  await call.heard.until(() => call.heard.length === 1);

  near.mesh.apply({ ...EMPTY_DELTA, policies: [denying("client")] });
  far.served.connections.recheck();
  await done;
  await call.heard.closed();
  assert.match(saidOf(near, "inbound"), /policy change/);
});
