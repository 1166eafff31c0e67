/** Other protocols behind an upgrade or an extended CONNECT, through a waypoint. */
import assert from "node:assert/strict";
import { HttpMesh } from "./http_mesh.ts";
import {
  callHttp2,
  callWebSocket,
  type H2Upgrade,
  sendRaw,
  upgradeHttp2,
} from "./http_programs.ts";
import { callPeer } from "./peers.ts";
import { authorizationPolicy } from "./policy_support.ts";
import { share } from "./share.ts";
import { eventually } from "./support.ts";

const httpTest = share(() => HttpMesh.start());

const ask = (
  mesh: HttpMesh,
  service: "echo-v1" | "rough",
  port: number,
  call: Partial<H2Upgrade> = {},
) => upgradeHttp2(mesh.lab, mesh.pods.client, mesh.at(service, port), call);

const upgradeHttp1 = (mesh: HttpMesh, path: string, port: number) =>
  mesh.curl(mesh.urlOf("echo-v1", path, port), [
    ...["--http1.1", "-H", "connection: upgrade", "-H", "upgrade: websocket"],
    // Whoever lets it pass answers 101, and then curl waits.
    ...["-H", "sec-websocket-version: 13", "--max-time", "1"],
    ...["-H", "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=="],
  ]);

const backends = [
  [80, "HTTP/1.1"],
  [8082, "HTTP/2 or HTTP/1.1, without extended CONNECT"],
  [7070, "HTTP/2 with extended CONNECT"],
  [8090, "whatever the client does, without extended CONNECT"],
] as const;

for (const [port, speaks] of backends) {
  httpTest(`a WebSocket over HTTP/2 to ${speaks}`, async (mesh) => {
    for (const early of [false, true]) {
      const report = await ask(mesh, "echo-v1", port, { early });
      const { status, answered, code, ended, error } = report;
      assert.deepEqual({ status, answered, code, ended, error }, {
        ...{ status: 200, answered: 20, code: 1000, ended: true, error: "" },
      });
      const { headers } = report;
      assert.deepEqual(
        [headers["sec-websocket-accept"], headers.upgrade],
        [undefined, undefined],
      );
    }
  });

  httpTest(`a WebSocket over HTTP/1.1 to ${speaks}`, async (mesh) => {
    const url = mesh.urlOf("echo-v1", "/ws", port).replace("http", "ws");
    const { lab, pods } = mesh;
    const report = await callWebSocket(lab, pods.client, url, 20);
    assert.deepEqual([report.answered, report.code, report.wasClean], [
      20,
      1000,
      true,
    ]);
  });
}

httpTest("a server of HTTP/2 alone that takes no CONNECT", async (mesh) => {
  // It says GOAWAY to HTTP/1.1, or cuts the connection before that is read.
  const { status } = await ask(mesh, "echo-v1", 7071);
  assert.ok(isBadGateway(status), `${status}`);
  const reply = await upgradeHttp1(mesh, "/ws", 7071);
  assert.ok(isBadGateway(reply.status), reply.body);
});

const isBadGateway = (status: number): boolean => [502, 503].includes(status);

httpTest("a server's refusal reaches the client as it is", async (mesh) => {
  const path = "/status/418";
  const { status, headers, body, ended } = await ask(mesh, "echo-v1", 80, {
    path,
  });
  assert.deepEqual(
    [status, headers["x-backend"], body, ended],
    [418, "echo-v1", "echo-v1", true],
  );
  const reply = await upgradeHttp1(mesh, path, 80);
  assert.deepEqual([reply.status, reply.body], [418, "echo-v1"]);
});

httpTest("a server that ignores the upgrade opens no tunnel", async (mesh) => {
  for (const path of ["/status/200", "/status/204"]) {
    const { status } = await ask(mesh, "echo-v1", 80, { path });
    assert.equal(status, 502);
  }
  const reply = await upgradeHttp1(mesh, "/status/200", 80);
  assert.deepEqual([reply.status, reply.body], [200, "echo-v1"]);
});

httpTest("a server that answers another key opens no tunnel", async (mesh) => {
  const { status } = await ask(mesh, "rough", 80, { path: "/other-accept" });
  assert.equal(status, 502);
});

httpTest("the halves of a tunnel end for themselves", async (mesh) => {
  const call = { protocol: "rough", path: "/upgrade" };
  const report = await ask(mesh, "rough", 80, call);
  assert.deepEqual(
    [report.status, report.body, report.ended, report.error],
    [200, "switched\nhellogoodbye\n", true, ""],
  );
});

for (const protocol of ["h2c", "tls/1.2"]) {
  httpTest(`a CONNECT to protocol ${protocol} is refused`, async (mesh) => {
    const path = `/protocol-${protocol.replace("/", "-")}`;
    const report = await ask(mesh, "rough", 80, { protocol, path });
    // A protocol is a token, and so without a slash.
    assert.equal(report.status, protocol === "h2c" ? 501 : 0);
    const heads = mesh.programs.rough.lines().filter((l) => l.includes(path));
    assert.deepEqual(heads, []);
  });
}

httpTest("a CONNECT without a protocol is refused", async (mesh) => {
  const { lab, pods } = mesh;
  const [reply] = await callHttp2(lab, pods.client, mesh.at("echo-v1"), [{
    headers: { ":method": "CONNECT", ":authority": "10.0.0.1:80" },
    chunks: [],
    pingPong: false,
  }]);
  assert.equal(reply?.headers[":status"], 400);
});

const target = { kind: "Service", group: "", name: "echo-v1" };
const policies: [name: string, rule: object, status: number][] = [
  ["denies its path", { paths: ["/ws"] }, 403],
  ["denies GET", { methods: ["GET"] }, 403],
  ["denies CONNECT", { methods: ["CONNECT"] }, 200],
  ["denies another path", { paths: ["/other"] }, 200],
];
for (const [name, operation, status] of policies) {
  httpTest(
    `a policy that ${name}, and a WebSocket: ${status}`,
    async (mesh) => {
      const policy = authorizationPolicy("upgrades", {
        targetRefs: [target],
        action: "DENY",
        rules: [{ to: [{ operation }] }],
      }, { namespace: "mesh" });
      await mesh.under("upgrades", [policy], async () => {
        for (const port of [80, 7070]) {
          const report = await ask(mesh, "echo-v1", port);
          assert.equal(report.status, status);
          const one = await upgradeHttp1(mesh, "/ws?once", port);
          assert.equal(one.status, status === 200 ? 101 : 403);
        }
      });
    },
  );
}

httpTest("a route sends a WebSocket where it wants", async (mesh) => {
  const route = {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: "sockets", namespace: "mesh" },
    spec: {
      parentRefs: [{ ...target, port: 7070 }],
      rules: [{
        matches: [{ path: { type: "Exact", value: "/ws" }, method: "GET" }],
        timeouts: { request: "500ms" },
        backendRefs: [{ name: "echo-v2", port: 7070 }],
      }],
    },
  };
  await mesh.under("sockets", [route], async () => {
    const report = await ask(mesh, "echo-v1", 7070, { count: 100 });
    assert.deepEqual(
      [report.headers["x-backend"], report.answered, report.code],
      ["echo-v2", 100, 1000],
    );
    const lost = await ask(mesh, "echo-v1", 7070, { path: "/lost" });
    assert.equal(lost.status, 404);
  });
});

const UPGRADE =
  "GET /upgrade HTTP/1.1\r\nhost: rough\r\nconnection: upgrade\r\nupgrade: rough\r\n\r\n";

httpTest(
  "an upgraded connection has two halves that end for themselves",
  async (mesh) => {
    const { lab, pods } = mesh;
    const steps = [
      `send=${UPGRADE}`,
      "read=20",
      "send=hello",
      "end",
      "readall",
    ];
    const report = await callPeer(lab, pods.client, mesh.at("rough"), steps);
    assert.equal(report.end, "end");
    assert.equal(report.received, `${SWITCHED}switched\nhellogoodbye\n`.length);
  },
);

const SWITCHED =
  "HTTP/1.1 101 Switching Protocols\r\nupgrade: rough\r\nconnection: upgrade\r\n\r\n";

httpTest(
  "the server learns of a client that leaves an upgraded connection",
  async (mesh) => {
    const { lab, pods, programs: { rough } } = mesh;
    const gone = () => rough.lines().filter((l) => l.startsWith("gone")).length;
    const before = gone();
    const to = mesh.at("rough");
    const [answer = ""] = await sendRaw(lab, pods.client, to, [UPGRADE]);
    assert.match(answer, /switched\n$/);
    await eventually("gone", () => Promise.resolve(gone() > before));
  },
);

httpTest("a route's time does not end an upgraded connection", async (mesh) => {
  const route = {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: "brief", namespace: "mesh" },
    spec: {
      parentRefs: [{ group: "", kind: "Service", name: "echo-v1" }],
      rules: [{
        timeouts: { request: "300ms" },
        backendRefs: [{ name: "echo-v1", port: 80 }],
      }],
    },
  };
  await mesh.under("brief", [route], async () => {
    const { lab, pods } = mesh;
    const url = mesh.urlOf("echo-v1", "/ws").replace("http", "ws");
    const report = await callWebSocket(lab, pods.client, url, 60);
    assert.deepEqual([report.answered, report.code], [60, 1000]);
  });
});
