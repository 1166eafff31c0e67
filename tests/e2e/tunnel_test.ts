import assert from "node:assert/strict";
import {
  flowsOf,
  greetingOf,
  isTls,
  sendTcp,
  showsText,
  sumSamples,
  WireCapture,
} from "../lab/mod.ts";
import { ECHO_PORT, eventually, shareMesh } from "./support.ts";

const meshTest = shareMesh();

for (const family of [4, 6] as const) {
  meshTest(
    `a request by pod IPv${family} address is answered`,
    async (mesh) => {
      const reply = await mesh.get(
        mesh.sleep,
        mesh.urlOf(mesh.httpbin, "/", family),
      );
      assert.equal(reply.body, `${greetingOf(mesh.httpbin)}\n`, reply.error);
    },
  );

  meshTest(`a request by IPv${family} VIP is answered`, async (mesh) => {
    const url = mesh.urlOf(mesh.services.httpbin, "/", family);
    const reply = await mesh.get(mesh.sleep, url);
    assert.equal(reply.body, `${greetingOf(mesh.httpbin)}\n`, reply.error);
  });

  meshTest(
    `the server sees the client's own IPv${family} address`,
    async (mesh) => {
      const at = family === 4 ? 0 : 1;
      const reply = await mesh.get(
        mesh.sleep,
        mesh.urlOf(mesh.httpbin, "/ip", family),
      );
      assert.equal(reply.body.trim(), mesh.sleep.ips[at]);
      const outside = await mesh.get(
        mesh.lab.outsider,
        mesh.urlOf(mesh.httpbin, "/ip", family),
      );
      assert.equal(outside.body.trim(), mesh.lab.outsider.ips[at]);
    },
  );
}

meshTest(
  "a client that ends its side still gets the whole answer",
  async (mesh) => {
    const [vip] = mesh.services.echo.vips;
    const text = "half-closed ".repeat(10_000);
    const { stdout } = await sendTcp(
      mesh.lab,
      mesh.sleep,
      vip,
      ECHO_PORT,
      text,
    );
    assert.equal(stdout, text);
  },
);

meshTest("a file of a mebibyte arrives whole", async (mesh) => {
  const reply = await mesh.get(
    mesh.sleep,
    mesh.urlOf(mesh.services.httpbin, "/1m"),
  );
  assert.equal(reply.body, "m".repeat(1 << 20));
});

meshTest(
  "the wire between the nodes carries TLS to port 15008 only",
  async (mesh) => {
    const capture = await WireCapture.start(mesh.lab);
    await mesh.get(mesh.sleep, mesh.urlOf(mesh.services.httpbin));
    const seen = await capture.stop();
    const flows = flowsOf(seen);
    assert.ok(flows.length >= 2, "both directions");
    for (const flow of flows) {
      assert.ok(isTls(flow), `${flow.from} > ${flow.to}`);
      assert.match(`${flow.from} ${flow.to}`, /:15008\b/);
    }
    assert.equal(showsText(seen, greetingOf(mesh.httpbin)), false);
  },
);

meshTest("a port where nobody listens fails the client", async (mesh) => {
  const url = `http://${mesh.httpbin.ips[0]}:8099/`;
  const reply = await mesh.get(mesh.sleep, url);
  assert.equal(reply.status, 0);
  assert.notEqual(reply.curlCode, 0);
});

meshTest(
  "both sides log and count a connection with both identities",
  async (mesh) => {
    const opened = async () => {
      const samples = await mesh.server.metrics();
      return sumSamples(samples, "istio_tcp_connections_opened_total", {
        reporter: "destination",
        source_workload: "notsleep",
        destination_workload: "httpbin",
        connection_security_policy: "mutual_tls",
      });
    };
    const before = await opened();
    await mesh.get(mesh.notsleep, mesh.urlOf(mesh.httpbin));
    await eventually(
      "one more is counted",
      async () => await opened() === before + 1,
    );
    for (
      const [proxy, direction] of [[mesh.client, "outbound"], [
        mesh.server,
        "inbound",
      ]] as const
    ) {
      const { fields } = await proxy.untilAccess(
        direction,
        (line) =>
          line.message === "connection complete" &&
          line.fields["src.workload"] === "notsleep",
      );
      assert.equal(fields["direction"], direction);
      assert.equal(
        fields["src.identity"],
        "spiffe://cluster.local/ns/default/sa/notsleep",
      );
      assert.equal(
        fields["dst.identity"],
        "spiffe://cluster.local/ns/default/sa/httpbin",
      );
    }
  },
);
