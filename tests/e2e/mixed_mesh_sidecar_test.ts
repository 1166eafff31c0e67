/** Tunnels in the shape of a sidecar's Envoy: hairpin answers each of them as ztunnel does. */
import assert from "node:assert/strict";
import { greetingOf, type LabPod } from "../lab/mod.ts";
import { AccessTail, identityOf } from "./calls.ts";
import type { HboneAnswer, HboneRequest } from "./hbone_job.ts";
import { ip, type Kind, type MixedMesh } from "./mixed_mesh_support.ts";
import {
  HboneServer,
  istiodCaFolder,
  type SeenConnect,
} from "./mixed_mesh_sidecar.ts";
import { shareMixedMesh } from "./mixed_mesh_table.ts";
import { authorizationPolicy } from "./policy_support.ts";
import { askTunnel, connectTo, getThrough, issue } from "./security_support.ts";
import { HTTP_PORT } from "./support.ts";

const rowTest = shareMixedMesh();
const KINDS: readonly Kind[] = ["hairpin", "ztunnel"];
const SIDECAR = "spiffe://cluster.local/ns/default/sa/sidecar";

/** What Envoy may add to a CONNECT of its own. */
const ENVOY_HEADERS = {
  "x-forwarded-proto": "https",
  "x-forwarded-for": "10.77.1.99",
  "x-request-id": "0d3b1f5e-5f0a-4b43-9f5a-3f6a4b9c0001",
  "x-envoy-attempt-count": "1",
  "x-envoy-original-dst-host": "10.96.0.99:8000",
  "x-envoy-peer-metadata-id": "sidecar~10.77.1.99~sidecar.default~local",
  forwarded: "for=10.77.1.99;proto=https",
};

type Ask = (pod: LabPod, host: string) => HboneRequest;

const GOOD: readonly [way: string, ask: Ask][] = [
  ["CONNECT without baggage", (pod) => getThrough(`${ip(pod)}:8000`)],
  [
    "CONNECT with a sidecar's headers",
    (pod) => getThrough(`${ip(pod)}:8000`, ENVOY_HEADERS),
  ],
  [
    "CONNECT with baggage",
    (pod) =>
      getThrough(`${ip(pod)}:8000`, {
        baggage: "k8s.cluster.name=Kubernetes,k8s.namespace.name=default," +
          "k8s.deployment.name=sidecar,service.name=sidecar",
      }),
  ],
  [
    "CONNECT with broken baggage",
    (pod) => getThrough(`${ip(pod)}:8000`, { baggage: "=,;=x,,k8s" }),
  ],
  [
    "CONNECT with broken forwarded",
    (pod) => getThrough(`${ip(pod)}:8000`, { forwarded: ';;host=";for' }),
  ],
  ["CONNECT by service name", (_, host) => getThrough(`${host}:8000`)],
];

const REFUSED: readonly [way: string, ask: Ask][] = [
  ["CONNECT to another address", () => connectTo("10.77.9.9:8000")],
  ["CONNECT to loopback", () => connectTo("127.0.0.1:8000")],
  ["CONNECT without a port", (pod) => connectTo(ip(pod))],
  ["CONNECT to port 65536", (pod) => connectTo(`${ip(pod)}:65536`)],
  ["CONNECT to a closed port", (pod) => connectTo(`${ip(pod)}:7`)],
  ["CONNECT to port 15008", (pod) => connectTo(`${ip(pod)}:15008`)],
  ["CONNECT to port 15001", (pod) => connectTo(`${ip(pod)}:15001`)],
  ["CONNECT to port 15006", (pod) => connectTo(`${ip(pod)}:15006`)],
  ["CONNECT to an unknown name", () => connectTo("nobody.example:80")],
  ["CONNECT to a port no service has", (_, host) => connectTo(`${host}:81`)],
  [
    "GET in a tunnel",
    (pod) => ({
      headers: {
        ":method": "GET",
        ":scheme": "https",
        ":path": "/",
        ":authority": `${ip(pod)}:${HTTP_PORT}`,
      },
    }),
  ],
  [
    "POST in a tunnel",
    (pod) => ({
      headers: {
        ":method": "POST",
        ":scheme": "http",
        ":path": "/",
        ":authority": `${ip(pod)}:${HTTP_PORT}`,
      },
    }),
  ],
];

/** All requests on one connection, as a sidecar of that account. */
async function ask(
  { lab, plane, sides }: MixedMesh,
  kind: Kind,
  asks: readonly Ask[],
  { serviceAccount = "sidecar", atOnce = false } = {},
): Promise<readonly HboneAnswer[]> {
  const { server } = sides[kind];
  const host = `${server.name}.default.svc.cluster.local`;
  const caFolder = await istiodCaFolder(plane);
  const tls = await issue(lab, { serviceAccount, caFolder });
  const requests = asks.map((request) => request(server, host));
  return await askTunnel(lab, lab.outsider, server, tls, requests, { atOnce });
}

for (const [way, request] of GOOD) {
  rowTest({ source: "sidecar", destination: "both", way }, async (mesh) => {
    for (const kind of KINDS) {
      const inbound = new AccessTail(mesh.proxy(kind));
      const [answer] = await ask(mesh, kind, [request]);
      const { server } = mesh.sides[kind];
      assert.equal(answer?.status, 200, `${kind}: ${JSON.stringify(answer)}`);
      assert.match(answer?.heard ?? "", new RegExp(greetingOf(server)));
      await inbound.until({
        direction: "inbound",
        "src.identity": SIDECAR,
        "dst.identity": identityOf(server),
      });
    }
    return "200 by both";
  });
}

for (const [way, request] of REFUSED) {
  rowTest({ source: "sidecar", destination: "both", way }, async (mesh) => {
    const [ours] = await ask(mesh, "hairpin", [request]);
    const [theirs] = await ask(mesh, "ztunnel", [request]);
    assert.deepEqual(endOf(ours), endOf(theirs));
    assert.notEqual(ours?.status, 200);
    return `${endOf(ours)} by both`;
  });
}

rowTest(
  { source: "sidecar", destination: "both", way: "CONNECT to port 0" },
  async (mesh) => {
    // No port at all for hairpin; for ztunnel one that refuses to be connected to.
    const request: Ask = (pod) => connectTo(`${ip(pod)}:0`);
    const [ours] = await ask(mesh, "hairpin", [request]);
    const [theirs] = await ask(mesh, "ztunnel", [request]);
    assert.deepEqual([ours, theirs].map(endOf), ["400", "503"]);
    return "400 by hairpin, 503 by ztunnel";
  },
);

const endOf = (answer: HboneAnswer | undefined): string =>
  `${answer?.status ?? answer?.error}`;

for (const atOnce of [false, true]) {
  const way = `one tunnel, streams ${atOnce ? "at once" : "in turn"}`;
  rowTest({ source: "sidecar", destination: "both", way }, async (mesh) => {
    const asks = [...GOOD, ...REFUSED, ...GOOD].map(([, request]) => request);
    const ours = await ask(mesh, "hairpin", asks, { atOnce });
    const theirs = await ask(mesh, "ztunnel", asks, { atOnce });
    assert.equal(ours.length, asks.length);
    assert.deepEqual(ours.map(endOf), theirs.map(endOf));
    return `${asks.length} streams, the same statuses`;
  });
}

rowTest(
  { source: "sidecar", destination: "both", way: "denied by principal" },
  async (mesh) => {
    const principal = SIDECAR.replace("spiffe://", "");
    const policy = authorizationPolicy("no-sidecar", {
      action: "DENY",
      rules: [{ from: [{ source: { principals: [principal] } }] }],
    });
    const [, request] = GOOD[0]!;
    await mesh.under([policy], async () => {
      for (const proxy of mesh.proxies) await proxy.untilPolicy("no-sidecar");
      for (const kind of KINDS) {
        const [denied] = await ask(mesh, kind, [request]);
        const [other] = await ask(mesh, kind, [request], {
          serviceAccount: "another",
        });
        assert.deepEqual([denied?.status, other?.status], [401, 200], kind);
      }
    });
    for (const { process } of mesh.proxies) {
      await process.untilLog(/explicitly denied by: default\/no-sidecar/);
    }
    return "401 by both";
  },
);

rowTest(
  { source: "both", destination: "sidecar", way: "the CONNECT they send" },
  async (mesh) => {
    const server = await HboneServer.start(mesh, "sidecar-server", "node-2");
    const { hairpin, ztunnel } = mesh.sides;
    const ours = await server.ask(mesh, hairpin.client);
    const theirs = await server.ask(mesh, ztunnel.client);
    assert.equal(ours.names, `URI:${identityOf(hairpin.client)}`);
    assert.equal(theirs.names, `URI:${identityOf(ztunnel.client)}`);
    assert.deepEqual(
      shapeOf(ours, hairpin.client),
      shapeOf(theirs, ztunnel.client),
    );
    return `the same: ${theirs.headers.map(([name]) => name).join(" ")}`;
  },
);

/** Headers in order, without what tells one client and one request from others. */
const shapeOf = ({ headers }: SeenConnect, client: LabPod) =>
  headers.map(([name, value]) => [
    name,
    value.replaceAll(client.name, "CLIENT").replaceAll(ip(client), "ADDRESS")
      .replaceAll(/[0-9a-f]{16,32}/g, "HEX").replaceAll(/:\d+"/g, ':PORT"'),
  ]);
