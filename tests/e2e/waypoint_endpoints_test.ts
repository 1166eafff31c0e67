/** Which endpoints a waypoint uses, how it reaches them, and what it says of it. */
import assert from "node:assert/strict";
import { Growth } from "./calls.ts";
import { HttpMesh, type HttpReply } from "./http_mesh.ts";
import { callWebSocket } from "./http_programs.ts";
import { share } from "./share.ts";
import { labTest } from "./support.ts";

const httpTest = share(() => HttpMesh.start());

/** Sends so many requests over connections of their own; who answered how often. */
async function answering(
  mesh: HttpMesh,
  count: number,
  port = 80,
): Promise<Record<string, number>> {
  const { stdout } = await mesh.lab.exec(mesh.pods.client, [
    ...["curl", "-sS", "-o", "/dev/null", "-w", "%header{x-backend}\n"],
    `${mesh.urlOf("echo", "/", port)}?[1-${count}]`,
  ]);
  const counts: Record<string, number> = {};
  for (const name of stdout.trim().split("\n")) {
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

const destinationRule = (balancer: string) => ({
  apiVersion: "networking.istio.io/v1",
  kind: "DestinationRule",
  metadata: { name: "echo", namespace: "mesh" },
  spec: {
    host: "echo.mesh.svc.cluster.local",
    trafficPolicy: {
      loadBalancer: { simple: balancer },
      connectionPool: { tcp: { connectTimeout: "300ms" } },
    },
  },
});

httpTest(
  "requests are spread over all endpoints, whoever makes them",
  async (mesh) => {
    const counts = await answering(mesh, 60);
    assert.deepEqual(Object.keys(counts).toSorted(), ["echo-v1", "echo-v2"]);
    assert.ok(Math.min(...Object.values(counts)) >= 10, JSON.stringify(counts));
  },
);

httpTest("ROUND_ROBIN takes one endpoint after the other", async (mesh) => {
  await mesh.under("rule", [destinationRule("ROUND_ROBIN")], async () => {
    assert.deepEqual(await answering(mesh, 20), {
      "echo-v1": 10,
      "echo-v2": 10,
    });
  });
});

httpTest(
  "LEAST_REQUEST keeps away from an endpoint that is busy",
  async (mesh) => {
    const { lab, pods } = mesh;
    const slowly = [
      ...["curl", "-sS", "--limit-rate", "100K", "-o", "/dev/null", "-D", "-"],
    ];
    const url = mesh.urlOf("echo-v1", "/bytes/100000000");
    const busy = [1, 2, 3, 4].map((at) =>
      lab.start(pods.client, `busy-${at}`, [...slowly, url])
    );
    try {
      await Promise.all(busy.map((process) => process.untilLog(/ 200/)));
      assert.deepEqual(await answering(mesh, 20), { "echo-v2": 20 });
    } finally {
      await Promise.all(busy.map((process) => process.stop()));
    }
  },
);

httpTest(
  "connections to endpoints are used again, across clients",
  async (mesh) => {
    const ask = () => mesh.curl(mesh.urlOf("rough"));
    const first = await ask();
    const second = await ask();
    const number = (reply: HttpReply) => reply.headers["x-connection"]?.[0];
    assert.equal(number(second), number(first));
  },
);

httpTest(
  "a connection that its server closes is not an error",
  async (mesh) => {
    for (let round = 0; round < 20; round++) {
      const last = await mesh.curl(mesh.urlOf("rough", "/stale"));
      assert.equal(last.status, 200);
      // Just when the server closes it, or before, or after.
      await new Promise((resolve) => setTimeout(resolve, round * 3));
      const next = await mesh.curl(mesh.urlOf("rough"));
      assert.equal(next.status, 200, next.body);
    }
  },
);

httpTest(
  "a server that closes without a word is told apart from none at all",
  async (mesh) => {
    const silent = await mesh.curl(mesh.urlOf("rough", "/silent"), ["-d", "a"]);
    assert.equal(silent.status, 503);
    assert.match(silent.body, /reset reason: connection termination$/);
    const { process } = mesh.waypoint;
    await process.untilLog(
      /"POST \/silent HTTP\/1\.1" 503 UC upstream_reset_before_response_started/,
    );
  },
);

httpTest(
  "an endpoint that is gone costs no request while there is another",
  async (mesh) => {
    await mesh.without("echo-v2", async () => {
      for (const balancer of ["ROUND_ROBIN", "LEAST_REQUEST", "RANDOM"]) {
        await mesh.under("rule", [destinationRule(balancer)], async () => {
          assert.deepEqual(await answering(mesh, 20), { "echo-v1": 20 });
        });
      }
      const posted = await mesh.curl(mesh.urlOf("echo"), ["-d", "a body"]);
      assert.equal(posted.status, 200);
    });
  },
);

httpTest(
  "with all endpoints gone the client is told, after several attempts",
  async (mesh) => {
    await mesh.without("echo-v2", async () => {
      const reply = await mesh.curl(mesh.urlOf("echo-v2", "/gone"));
      assert.equal(reply.status, 503);
      assert.match(reply.body, /^upstream connect error or disconnect\/reset/);
      const logged = /"GET \/gone HTTP\/1\.1" 503 URX/;
      await mesh.waypoint.process.untilLog(logged);
    });
  },
);

httpTest("no healthy endpoint is 503, and UH", async (mesh) => {
  const { lab, pods, waypoint } = mesh;
  const { rough } = pods;
  await mesh.change(() => lab.applyPod({ ...rough, ready: false }));
  try {
    const reply = await mesh.curl(mesh.urlOf("rough", "/unhealthy"));
    assert.deepEqual([reply.status, reply.body], [503, "no healthy upstream"]);
    await waypoint.process.untilLog(
      /"GET \/unhealthy HTTP\/1\.1" 503 UH no_healthy_upstream/,
    );
  } finally {
    await mesh.change(() => lab.applyPod(rough));
  }
  assert.equal((await mesh.curl(mesh.urlOf("rough"))).status, 200);
});

httpTest("a request is counted and logged with its parties", async (mesh) => {
  const { waypoint } = mesh;
  const growth = await Growth.watch(waypoint);
  const reply = await mesh.curl(mesh.urlOf("echo-v1", "/told?a=b"));
  assert.equal(reply.status, 200);
  const spiffe = (account: string) =>
    `spiffe://cluster.local/ns/mesh/sa/${account}`;
  await growth.until("istio_requests_total", {
    reporter: "waypoint",
    source_workload: "client",
    source_workload_namespace: "mesh",
    source_principal: spiffe("client"),
    destination_workload: "echo-v1",
    destination_workload_namespace: "mesh",
    destination_principal: spiffe("echo-v1"),
    destination_service: "echo-v1.mesh.svc.cluster.local",
    destination_service_name: "echo-v1",
    destination_service_namespace: "mesh",
    request_protocol: "http",
    response_code: "200",
    response_flags: "-",
    connection_security_policy: "mutual_tls",
  }, 1);
  const line = waypoint.process.lines().find((l) => l.includes("/told?a=b"));
  assert.match(
    `${line}`,
    / "GET \/told\?a=b HTTP\/1\.1" 200 - via_upstream - /,
  );
  assert.match(
    `${line}`,
    /inbound-vip\|80\|http\|echo-v1\.mesh\.svc\.cluster\.local/,
  );
  assert.ok(line?.includes(mesh.pods["echo-v1"].ips[0] ?? "?"), line);
  assert.ok(line?.includes(mesh.pods.client.ips[0] ?? "?"), line);
});

for (
  const [path, code, flags] of [
    ["/status/503", "503", "-"],
    ["/status/404", "404", "-"],
  ] as const
) {
  httpTest(`the application's own ${code} has no flag`, async (mesh) => {
    const growth = await Growth.watch(mesh.waypoint);
    await mesh.curl(mesh.urlOf("echo-v1", path));
    await growth.until("istio_requests_total", {
      response_code: code,
      response_flags: flags,
    }, 1);
  });
}

httpTest("a client that leaves is told as DC", async (mesh) => {
  const growth = await Growth.watch(mesh.waypoint);
  await mesh.curl(mesh.urlOf("rough", "/hang"), ["--max-time", "0.3"]);
  await growth.until("istio_requests_total", {
    response_code: "0",
    response_flags: "DC",
  }, 1);
});

labTest(
  "a waypoint that ends lets requests finish, and takes no more",
  async () => {
    await using mesh = await HttpMesh.start();
    const { lab, pods, waypoint } = mesh;
    const slow = mesh.curl(mesh.urlOf("rough", "/slow-body"));
    const url = mesh.urlOf("echo-v1", "/ws").replace("http", "ws");
    const talk = callWebSocket(lab, pods.client, url, 40);
    await mesh.programs.rough.untilLog(/slow-body/);
    waypoint.process.signal("SIGTERM");
    const reply = await slow;
    assert.deepEqual([reply.curlCode, reply.body], [0, "slow"], reply.error);
    const report = await talk;
    assert.deepEqual([report.answered, report.code], [40, 1000]);
    const { success } = await waypoint.process.ended;
    assert.ok(success);
  },
);

labTest(
  "a waypoint for all reads requests to pods' own addresses",
  async () => {
    await using mesh = await HttpMesh.start({ waypointFor: "all" });
    const [ip] = mesh.pods["echo-v1"].ips;
    const { lab } = mesh;
    for (const http of ["--http1.1", "--http2-prior-knowledge"]) {
      const report = await mesh.echo(`http://${ip}:8080/pod`, [http]);
      assert.deepEqual([report.name, report.path], ["echo-v1", "/pod"]);
    }
    const logged = new RegExp(`"GET /pod HTTP/1\\.1" 200 [^\\n]*${ip}:8080`);
    await mesh.waypoint.process.untilLog(logged);
    const { stdout } = await lab.exec(mesh.pods.client, [
      ...["curl", "-sS", "--max-time", "1", `telnet://${ip}:6060`],
    ]);
    assert.equal(stdout, "hello from echo-v1\n");
  },
);
