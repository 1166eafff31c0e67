/** Connections that cannot be made, and what is said of them. */
import assert from "node:assert/strict";
import { AccessTail, call, Growth } from "./calls.ts";
import { callPeer } from "./peers.ts";
import { HTTP_PORT, shareMesh } from "./support.ts";

/** A reset may overtake the news that the connection was made. */
const RESET = /^(reset|refused)$/;

const meshTest = shareMesh();

const CLOSED_PORT = 4;
const REFUSED = "Connection refused (os error 111)";

meshTest(
  "an application that does not listen resets its client, and is named at both ends",
  async (mesh) => {
    const { lab, sleep, httpbin } = mesh;
    const tails = mesh.proxies.map((proxy) => new AccessTail(proxy));
    const growth = await Growth.watch(mesh.client);
    const to = { ip: httpbin.ips[0] ?? "", port: CLOSED_PORT };
    const report = await callPeer(lab, sleep, to, ["send=hi", "readall"]);
    assert.match(report.end, RESET);
    const near = await tails[0]!.until({ direction: "outbound" });
    assert.equal(near.level, "error");
    assert.equal(near.fields["error"], "http status: 503 Service Unavailable");
    const far = await tails[1]!.until({ direction: "inbound" });
    assert.equal(far.fields["error"], `connection failed: ${REFUSED}`);
    const flags = { response_flags: "CONNECT", reporter: "source" };
    await growth.until("istio_tcp_connections_failed_total", flags, 1);
  },
);

meshTest("an outsider that does not listen resets the client", async (mesh) => {
  const { lab, sleep } = mesh;
  const tail = new AccessTail(mesh.client);
  const to = { ip: lab.outsider.ips[0] ?? "", port: CLOSED_PORT };
  const report = await callPeer(lab, sleep, to, ["send=hi", "readall"]);
  assert.match(report.end, RESET);
  const { fields } = await tail.until({ direction: "outbound" });
  assert.equal(fields["error"], `io error: ${REFUSED}`);
});

meshTest(
  "a plaintext client of an application that does not listen is reset",
  async (mesh) => {
    const { lab, httpbin } = mesh;
    const tail = new AccessTail(mesh.server);
    const to = { ip: httpbin.ips[0] ?? "", port: CLOSED_PORT };
    const report = await callPeer(lab, lab.outsider, to, [
      "send=hi",
      "readall",
    ]);
    assert.match(report.end, RESET);
    const { fields } = await tail.until({ direction: "inbound" });
    assert.equal(fields["error"], `connection failed: ${REFUSED}`);
  },
);

meshTest(
  "a tunnel port that swallows everything is told as a NetworkPolicy, and holds up nobody",
  async (mesh) => {
    const { lab, sleep, echo, httpbin } = mesh;
    const tail = new AccessTail(mesh.client);
    const growth = await Growth.watch(mesh.client);
    const drop = (action: "-I" | "-D") => [
      ...["iptables", "-w", "-t", "raw", action, "PREROUTING", "-i", "eth0"],
      ...["-p", "tcp", "--dport", "15008", "-j", "DROP"],
    ];
    assert.equal((await lab.exec(echo, drop("-I"))).code, 0);
    try {
      const stuck = call(lab, sleep, `http://${echo.ips[0]}:9000/`);
      const other = await call(lab, sleep, mesh.urlOf(httpbin));
      assert.equal(other.status, 200);
      const reply = await stuck;
      assert.equal(reply.status, 0);
      const source = `${sleep.ips[0]}:${reply.localPort}`;
      const { fields } = await tail.until({ "src.addr": source });
      assert.equal(
        fields["error"],
        "connection timed out, maybe a NetworkPolicy is blocking HBONE port " +
          "15008: deadline has elapsed",
      );
      const flags = { response_flags: "NETWORK_POLICY", reporter: "source" };
      await growth.until("istio_tcp_connections_failed_total", flags, 1);
    } finally {
      assert.equal((await lab.exec(echo, drop("-D"))).code, 0);
    }
  },
);

for (const port of [15001, 15006, 15008]) {
  meshTest(
    `a call to the proxy's own port ${port} of a pod fails at once, without a loop`,
    async (mesh) => {
      const { lab, sleep, httpbin } = mesh;
      const before = mesh.proxies.map((proxy) => proxy.accessLog().length);
      const urls = [httpbin, sleep].map(({ ips }) =>
        `http://${ips[0]}:${port}/`
      );
      for (const url of [...urls, `http://127.0.0.1:${port}/`]) {
        const { status, curlCode } = await call(lab, sleep, url);
        assert.equal(status, 0);
        assert.notEqual(curlCode, 28, `${url} hangs`);
      }
      // A loop would write thousands of lines.
      for (const [at, proxy] of mesh.proxies.entries()) {
        const written = proxy.accessLog().length - before[at]!;
        assert.ok(written <= 6, `${written} lines`);
      }
    },
  );

  meshTest(
    `an outsider's call to port ${port} reaches no proxy's inside`,
    async (mesh) => {
      const { lab, httpbin } = mesh;
      const url = `http://${httpbin.ips[0]}:${port}/`;
      const { status, curlCode } = await call(lab, lab.outsider, url);
      assert.equal(status, 0);
      assert.notEqual(curlCode, 28, `${url} hangs`);
    },
  );
}

meshTest("all is well after so much trouble", async (mesh) => {
  const reply = await mesh.get(
    mesh.sleep,
    `http://${mesh.httpbin.ips[0]}:${HTTP_PORT}/1k`,
  );
  assert.equal(reply.body.length, 1024);
});
