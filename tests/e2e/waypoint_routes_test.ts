/** Time limits, second attempts, mirrors, CORS and failures of routes through a waypoint. */
import assert from "node:assert/strict";
import { HttpMesh } from "./http_mesh.ts";
import { share } from "./share.ts";
import { eventually } from "./support.ts";

const httpTest = share(() => HttpMesh.start());

const MEBI = 2 ** 20;

/** A route of service `echo`, port 80, with one rule. */
const echoRoute = (rule: object) => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: { name: "r", namespace: "mesh" },
  spec: {
    parentRefs: [{ group: "", kind: "Service", name: "echo", port: 80 }],
    rules: [rule],
  },
});

const to = (name: string, port = 80) => [{ name, port }];

/** What rough_server.ts printed about heads of that path. */
const headsOf = ({ programs: { rough } }: HttpMesh, path: string): string[] =>
  rough.lines().filter((line) => line.includes(` ${path} HTTP/1.1\\r\\n`));

const waitFor = (what: string, test: () => boolean) =>
  eventually(what, () => Promise.resolve(test()));

for (const timeouts of [{ request: "150ms" }, { backendRequest: "150ms" }]) {
  const [kind] = Object.keys(timeouts);

  httpTest(
    `${kind}: what takes too long ends with 504, and is given up`,
    async (mesh) => {
      const rule = { timeouts, backendRefs: to("rough") };
      await mesh.under("slow", [echoRoute(rule)], async () => {
        const gone = () =>
          mesh.programs.rough.lines().filter((l) => l.startsWith("gone"))
            .length;
        const before = gone();
        const reply = await mesh.curl(mesh.urlOf("echo", "/hang"));
        assert.deepEqual([reply.status, reply.body], [
          504,
          "upstream request timeout",
        ]);
        await waitFor("given up", () => gone() > before);
        assert.equal((await mesh.curl(mesh.urlOf("echo"))).status, 200);
      });
    },
  );
}

httpTest(
  "request: a response that does not end in time is cut",
  async (mesh) => {
    const rule = { timeouts: { request: "250ms" }, backendRefs: to("rough") };
    await mesh.under("slow", [echoRoute(rule)], async () => {
      const reply = await mesh.curl(mesh.urlOf("echo", "/slow-body"));
      assert.deepEqual([reply.curlCode, reply.status], [18, 200], reply.error);
      const { process } = mesh.waypoint;
      await process.untilLog(
        /"GET \/slow-body HTTP\/1\.1" 200 UT response_time/,
      );
    });
  },
);

httpTest(
  "backendRequest: a response that has begun may take its time",
  async (mesh) => {
    const rule = {
      timeouts: { backendRequest: "250ms" },
      backendRefs: to("rough"),
    };
    await mesh.under("slow", [echoRoute(rule)], async () => {
      const reply = await mesh.curl(mesh.urlOf("echo", "/slow-body"));
      assert.deepEqual([reply.curlCode, reply.body], [0, "slow"], reply.error);
    });
  },
);

httpTest("request: time runs while there is no connection", async (mesh) => {
  const { lab, pods } = mesh;
  const rule = { timeouts: { request: "300ms" }, backendRefs: to("rough") };
  const { ips } = pods.rough;
  // Nothing comes back from there: no answer to a SYN, either.
  const drop = ["-p", "tcp", "-d", ips[0] ?? "", "-j", "DROP"];
  await mesh.under("slow", [echoRoute(rule)], async () => {
    const node = lab.node("node-2");
    await lab.exec(node, ["iptables", "-I", "FORWARD", ...drop]);
    try {
      const before = performance.now();
      // With another path, so that no connection is there already.
      const reply = await mesh.curl(mesh.urlOf("echo", "/never"));
      assert.equal(reply.status, 504);
      assert.ok(performance.now() - before < 5_000);
    } finally {
      await lab.exec(node, ["iptables", "-D", "FORWARD", ...drop]);
    }
  });
});

const RETRY = { codes: [503], attempts: 2, backoff: "10ms" };

for (const http of ["--http1.1", "--http2-prior-knowledge"]) {
  httpTest(
    `${http}: a failure that a route names is tried again, with the body`,
    async (mesh) => {
      const rule = { retry: RETRY, backendRefs: to("rough") };
      await mesh.under("retry", [echoRoute(rule)], async () => {
        const reply = await mesh.curl(mesh.urlOf("echo", "/flaky"), [
          ...[http, "-d", "x".repeat(20_000)],
        ]);
        assert.equal(reply.status, 200, reply.body);
        assert.match(reply.body, /of 5 digits$/);
      });
    },
  );
}

httpTest(
  "a failure is passed on when the attempts are over, or the body is long",
  async (mesh) => {
    const route = (attempts: number) =>
      echoRoute({ retry: { ...RETRY, attempts }, backendRefs: to("rough") });
    const url = mesh.urlOf("echo", "/flaky");
    await mesh.under("retry", [route(1)], async () => {
      assert.equal((await mesh.curl(url)).status, 503);
    });
    const third = await mesh.curl(mesh.urlOf("rough", "/flaky"));
    assert.equal(third.status, 200, "the server fails twice, then not");
    await mesh.under("retry", [route(2)], async () => {
      const reply = await mesh.curl(url, ["-d", "x".repeat(100_000)]);
      assert.equal(reply.status, 503);
      assert.match(reply.body, /of 6 digits$/);
    });
  },
);

httpTest(
  "without a route's word, a failure of the application is its answer",
  async (mesh) => {
    const { length } = headsOf(mesh, "/flaky");
    const reply = await mesh.curl(mesh.urlOf("rough", "/flaky"));
    assert.equal(reply.status, 503);
    assert.equal(headsOf(mesh, "/flaky").length, length + 1);
  },
);

for (const [body, form] of [[20, "a short"], [100_000, "a long"]] as const) {
  httpTest(
    `a mirror gets a copy of ${form} body, and its answer is nobody's`,
    async (mesh) => {
      const backendRef = { name: "rough", port: 80 };
      const rule = {
        filters: [{ type: "RequestMirror", requestMirror: { backendRef } }],
        backendRefs: to("echo-v1"),
      };
      await mesh.under("mirror", [echoRoute(rule)], async () => {
        const path = `/mirrored-${body}`;
        const report = await mesh.echo(mesh.urlOf("echo", path), [
          ...["-H", "x-kind: copy", "-d", "x".repeat(body)],
        ]);
        assert.equal(report.name, "echo-v1");
        assert.equal(report.bodyLength, body);
        await waitFor("mirrored", () => headsOf(mesh, path).length === 1);
        assert.match(headsOf(mesh, path)[0] ?? "", /x-kind: copy/);
        const read = new RegExp(`^body ${body} of ${path}$`, "m");
        await mesh.programs.rough.untilLog(read);
      });
    },
  );
}

httpTest(
  "a mirror that hangs, or is not there, holds nobody up",
  async (mesh) => {
    const mirror = (name: string) => ({
      type: "RequestMirror",
      requestMirror: { backendRef: { name, port: 80 } },
    });
    const rule = {
      filters: [mirror("rough"), mirror("nobody")],
      backendRefs: to("echo-v1"),
    };
    await mesh.under("mirror", [echoRoute(rule)], async () => {
      const file = `${mesh.lab.folder}/mirrored`;
      await Deno.writeFile(file, new Uint8Array(20 * MEBI));
      const reply = await mesh.curl(mesh.urlOf("echo", "/hang"), [
        ...["-X", "POST", "-T", file],
      ]);
      assert.equal(reply.status, 200);
      assert.equal(JSON.parse(reply.body).bodyLength, 20 * MEBI);
    });
  },
);

const cors = {
  allowOrigins: ["https://www.foo.com", "https://*.bar.com"],
  allowMethods: ["GET", "OPTIONS"],
  allowHeaders: ["x-header-1"],
  exposeHeaders: ["x-header-3"],
  maxAge: 3600,
  allowCredentials: true,
};

httpTest("CORS is answered at the waypoint, by origin", async (mesh) => {
  const rule = {
    filters: [{ type: "CORS", cors }],
    backendRefs: to("echo-v1"),
  };
  const ask = (origin: string, ...more: string[]) =>
    mesh.curl(mesh.urlOf("echo"), ["-H", `Origin: ${origin}`, ...more]);
  const preflight = (origin: string) =>
    ask(origin, "-X", "OPTIONS", "-H", "Access-Control-Request-Method: GET");
  await mesh.under("cors", [echoRoute(rule)], async () => {
    const allowed = await preflight("https://www.foo.com");
    assert.ok([200, 204].includes(allowed.status));
    const { headers } = allowed;
    assert.deepEqual(headers["access-control-allow-origin"], [
      "https://www.foo.com",
    ]);
    assert.deepEqual(headers["access-control-allow-credentials"], ["true"]);
    assert.deepEqual(headers["access-control-max-age"], ["3600"]);
    assert.equal(headers["x-backend"], undefined);
    const refused = await preflight("https://www.foo.org");
    assert.equal(refused.headers["access-control-allow-origin"], undefined);
    const actual = await ask("https://a.bar.com");
    assert.equal(actual.status, 200);
    assert.deepEqual(actual.headers["access-control-allow-origin"], [
      "https://a.bar.com",
    ]);
    assert.deepEqual(actual.headers["x-backend"], ["echo-v1"]);
  });
});

httpTest(
  "a backend that is reached in another version than the route's service",
  async (mesh) => {
    const rule = { backendRefs: to("echo-v2", 8082) };
    await mesh.under("h2c", [echoRoute(rule)], async () => {
      const report = await mesh.echo(mesh.urlOf("echo"));
      // Over HTTP/2 there is no such field.
      const names = report.headers.map(([name]) => name);
      assert.deepEqual([report.name, names.includes("host")], [
        "echo-v2",
        false,
      ]);
    });
  },
);
