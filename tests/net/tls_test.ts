/** Both sides of HBONE's TLS: connectTls(), TlsServer and TlsServers. */
import assert from "node:assert/strict";
import { connect, createServer, type TLSSocket } from "node:tls";
import type { HairpinError } from "../../src/base/errors.ts";
import type { WorkloadCertificate } from "../../src/model/certificate.ts";
import { IdentityError, TunnelError } from "../../src/net/errors.ts";
import { connectTls } from "../../src/net/tls_client.ts";
import { TlsServer } from "../../src/net/tls_server.ts";
import { TlsServers } from "../../src/net/tls_servers.ts";
import { opensslLeaf } from "../support/openssl.ts";
import { makeTcpPair } from "../support/sockets.ts";
import { makeTestCa } from "../support/test_ca.ts";

const idOf = (name: string, trustDomain = "cluster.local") =>
  `spiffe://${trustDomain}/ns/ns1/sa/${name}`;

const ca = await makeTestCa();
const other = await makeTestCa();
const server = await ca.leaf(idOf("server"));
const client = await ca.leaf(idOf("client"));
/** Of a peer that has no TLS 1.3. */
const OLD = { minVersion: "TLSv1.2", maxVersion: "TLSv1.2" } as const;

/** Runs a handshake and gives what either side made of it. */
async function handshake(
  serverCertificate: WorkloadCertificate,
  clientCertificate: WorkloadCertificate,
  expected: readonly string[] = [idOf("server")],
) {
  await using tcp = await makeTcpPair();
  const options = { certificate: clientCertificate, expected };
  const [near, far] = await Promise.allSettled([
    connectTls(tcp.client, options).then(usable).catch((reason) => {
      // The runtime does not tell a server of a client that leaves.
      tcp.server.destroy();
      throw reason;
    }),
    new TlsServer(serverCertificate, "cluster.local").handshake(tcp.server)
      .then(({ socket, ...peer }) => {
        socket.on("data", (octets: Uint8Array) => socket.write(octets));
        return peer;
      }),
  ]);
  return { near, far };
}

/** In TLS 1.3 a client learns late that it was refused: an octet there and back proves it was not. */
function usable(tls: TLSSocket): Promise<boolean> {
  return new Promise((resolve) => {
    tls.on("data", () => resolve(true));
    tls.on("error", () => resolve(false));
    tls.on("end", () => resolve(false));
    tls.on("close", () => resolve(false));
    tls.write("x");
  });
}

const reasonOf = (end: PromiseSettledResult<unknown>): HairpinError => {
  assert.equal(end.status, "rejected");
  return end.reason;
};

Deno.test("connectTls() and TlsServer prove to each other who they are", async () => {
  const { near, far } = await handshake(server, client);
  assert.deepEqual(near, { status: "fulfilled", value: true });
  assert.deepEqual(far, {
    status: "fulfilled",
    value: {
      identity: {
        trustDomain: "cluster.local",
        namespace: "ns1",
        serviceAccount: "client",
      },
      spiffeId: idOf("client"),
    },
  });
});

const versions: [
  what: string,
  server: boolean,
  client: object,
  want: string | undefined,
][] = [
  ["a client of 1.2 alone is refused", false, OLD, undefined],
  ["it is taken where that is allowed", true, OLD, "TLSv1.2"],
  ["a client of both gets 1.3", true, { minVersion: "TLSv1.2" }, "TLSv1.3"],
];
for (const [what, tls12, options, want] of versions) {
  Deno.test(`TlsServer: ${what}`, async () => {
    await using tcp = await makeTcpPair();
    const near = connect({
      socket: tcp.client,
      key: client.keyPem,
      cert: client.chainPem,
      ca: client.rootsPem,
      ALPNProtocols: ["h2"],
      checkServerIdentity: () => undefined,
      ...options,
    });
    near.on("error", () => tcp.server.destroy());
    const far = await new TlsServer(server, "cluster.local", { tls12 })
      .handshake(tcp.server).catch(() => undefined);
    assert.equal(far?.socket.getProtocol(), want);
    assert.equal(far?.spiffeId, want && idOf("client"));
    near.destroy();
  });
}

for (const [tls12, want] of [[false, "refuses"], [true, "takes"]] as const) {
  Deno.test(`connectTls() ${want} a server of TLS 1.2 when 1.2 is ${tls12}`, async () => {
    await using tcp = await makeTcpPair();
    const old = createServer({
      key: server.keyPem,
      cert: server.chainPem,
      ca: server.rootsPem,
      requestCert: true,
      ALPNProtocols: ["h2"],
      ...OLD,
    });
    old.on("tlsClientError", () => tcp.server.destroy());
    old.emit("connection", tcp.server);
    const expected = [idOf("server")];
    const end = await connectTls(tcp.client, {
      certificate: client,
      expected,
      tls12,
    }).then((socket) => socket.getProtocol(), () => undefined);
    assert.equal(end, tls12 ? "TLSv1.2" : undefined);
  });
}

Deno.test("connectTls() takes any one of those expected", async () => {
  const expected = [idOf("waypoint"), idOf("server")];
  const { near } = await handshake(server, client, expected);
  assert.deepEqual(near, { status: "fulfilled", value: true });
});

Deno.test("connectTls() names whom it wanted and whom it got", async () => {
  const expected = [idOf("a"), idOf("b")];
  const { near } = await handshake(server, client, expected);
  const reason = reasonOf(near);
  assert.ok(reason instanceof IdentityError);
  assert.equal(reason.whose, "peer");
  assert.match(
    reason.message,
    /expected SAN \(spiffe:\/\/cluster\.local\/ns\/ns1\/sa\/a,spiffe:\/\/cluster\.local\/ns\/ns1\/sa\/b\), got spiffe:\/\/cluster\.local\/ns\/ns1\/sa\/server$/,
  );
});

const DAY_MS = 24 * 60 * 60 * 1000;
const past = { nowMs: Date.now() - DAY_MS, ttlMs: 60_000 };
const future = { nowMs: Date.now() + DAY_MS };
const TWO = `subjectAltName=URI:${idOf("server")},URI:${idOf("client")}`;
const TRICK = `${idOf("server")}, URI:${idOf("client")}`;

const strangers: [name: string, make: () => Promise<WorkloadCertificate>][] = [
  [
    "of another authority",
    async () => ({
      ...await other.leaf(idOf("server")),
      rootsPem: ca.certificatePem,
    }),
  ],
  ["that has expired", () => ca.leaf(idOf("server"), past)],
  ["that is not valid yet", () => ca.leaf(idOf("server"), future)],
  ["with two URI names", () => opensslLeaf(ca, { extensions: TWO })],
  ["without a name", () => opensslLeaf(ca, {})],
  [
    "with a DNS name only",
    () => opensslLeaf(ca, { extensions: "subjectAltName=DNS:server" }),
  ],
  [
    "whose one name reads like two",
    () => opensslLeaf(ca, { uri: TRICK }),
  ],
  [
    "with a name that is no workload's",
    () => opensslLeaf(ca, { uri: "https://cluster.local/ns/ns1/sa/server" }),
  ],
  [
    "with an identity of more parts",
    () => opensslLeaf(ca, { uri: `${idOf("server")}/more` }),
  ],
];
for (const [name, make] of strangers) {
  Deno.test(`connectTls() refuses a server's certificate ${name}`, async () => {
    const { near } = await handshake(await make(), client);
    const reason = reasonOf(near);
    assert.ok(reason instanceof IdentityError || reason instanceof TunnelError);
  });

  Deno.test(`TlsServer refuses a client's certificate ${name}`, async () => {
    const { near, far } = await handshake(server, await make());
    const reason = reasonOf(far);
    assert.ok(reason instanceof IdentityError || reason instanceof TunnelError);
    assert.notDeepEqual(near, { status: "fulfilled", value: true });
  });
}

Deno.test("TlsServer refuses a client without a certificate", async () => {
  const none = { ...client, keyPem: "", chainPem: "" };
  const { near, far } = await handshake(server, none);
  assert.ok(reasonOf(far) instanceof TunnelError);
  assert.notDeepEqual(near, { status: "fulfilled", value: true });
});

Deno.test("TlsServer refuses a client of another trust domain, naming both", async () => {
  const foreign = await ca.leaf(idOf("client", "other.local"));
  const { far } = await handshake(server, foreign);
  const reason = reasonOf(far);
  assert.ok(reason instanceof IdentityError);
  assert.match(
    reason.message,
    /expected trustdomain \(cluster\.local\), got other\.local$/,
  );
});

Deno.test("TlsServer gives up a client that says nothing, and its socket", async () => {
  await using tcp = await makeTcpPair();
  const tls = new TlsServer(server, "cluster.local");
  await assert.rejects(
    tls.handshake(tcp.server, 30),
    /tls handshake timed out/,
  );
  assert.ok(tcp.server.destroyed);
});

Deno.test("connectTls() gives up a server that says nothing, and its socket", async () => {
  await using tcp = await makeTcpPair();
  const options = { certificate: client, expected: [], timeoutMs: 30 };
  await assert.rejects(
    connectTls(tcp.client, options),
    /io error: tls handshake timed out/,
  );
  assert.ok(tcp.client.destroyed);
});

const breaks: [
  name: string,
  act: (pair: { destroy(): void; write(text: string): void }) => void,
][] = [
  ["that leaves", (peer) => peer.destroy()],
  [
    "that speaks something else",
    (peer) => peer.write("GET / HTTP/1.1\r\n\r\n"),
  ],
];
for (const [name, act] of breaks) {
  Deno.test(`TlsServer refuses a client ${name}`, async () => {
    await using tcp = await makeTcpPair();
    const tls = new TlsServer(server, "cluster.local");
    const end = tls.handshake(tcp.server, 100);
    act(tcp.client);
    await assert.rejects(end, TunnelError);
    assert.ok(tcp.server.destroyed);
  });

  Deno.test(`connectTls() refuses a server ${name}`, async () => {
    await using tcp = await makeTcpPair();
    const end = connectTls(tcp.client, { certificate: client, expected: [] });
    act(tcp.server);
    await assert.rejects(end, TunnelError);
    assert.ok(tcp.client.destroyed);
  });
}

Deno.test("TlsServer and connectTls() survive a reset in the middle of the handshake", async () => {
  await using a = await makeTcpPair();
  await using b = await makeTcpPair();
  const near = connectTls(a.client, { certificate: client, expected: [] });
  const far = new TlsServer(server, "cluster.local").handshake(b.server, 100);
  a.server.resetAndDestroy();
  b.client.resetAndDestroy();
  await assert.rejects(near, TunnelError);
  await assert.rejects(far, TunnelError);
});

Deno.test("TlsServers keeps one server for an identity, with its newest certificate", async () => {
  const servers = new TlsServers();
  const first = servers.get(server, "cluster.local");
  assert.equal(servers.get(server, "cluster.local"), first);
  // The roots change as well: the old client is a stranger from now on.
  const renewed = await other.leaf(idOf("server"));
  assert.equal(servers.get(renewed, "cluster.local"), first);
  const attempt = async (certificate: WorkloadCertificate) => {
    await using tcp = await makeTcpPair();
    const far = first.handshake(tcp.server).then(({ socket, spiffeId }) => {
      socket.on("data", (octets: Uint8Array) => socket.write(octets));
      return spiffeId;
    }).catch(() => undefined);
    const near = connectTls(tcp.client, {
      certificate,
      expected: [idOf("server")],
    }).then(usable).catch(() => false);
    return await Promise.all([near, far]);
  };
  assert.deepEqual(await attempt(client), [false, undefined]);
  const newcomer = await other.leaf(idOf("client"));
  assert.deepEqual(await attempt(newcomer), [true, idOf("client")]);
  servers.delete(idOf("server"));
  assert.notEqual(servers.get(renewed, "cluster.local"), first);
});
