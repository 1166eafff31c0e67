import assert from "node:assert/strict";
import { sendTcp } from "../lab/mod.ts";
import { identityOf } from "./calls.ts";
import { AuthMesh, ECHO_PORT } from "./waypoint_auth_mesh.ts";
import { share } from "./share.ts";
import { servicePolicy } from "./waypoint_support.ts";

const authTest = share(() => AuthMesh.start());

/** Every request to the application is asked about. */
const custom = (provider: string, rules: object[] = [{}]): object =>
  servicePolicy(
    "ask",
    { action: "CUSTOM", provider: { name: provider }, rules },
    "app",
  );

const last = (mesh: AuthMesh, kind: "http" | "grpc") =>
  mesh.asked(kind).at(-1)!;

authTest(
  "an HTTP provider allows, and changes request and response",
  async (mesh) => {
    await mesh.under([custom("http-plain")], async () => {
      const headers = [
        "-H",
        "x-token: t",
        "-H",
        "x-user: eve",
        "-H",
        "cookie: c=1",
      ];
      const reply = await mesh.get("/some/thing?a=b", headers);
      assert.equal(reply.status, 200);
      assert.equal(reply.seen?.headers["x-user"], "ann");
      assert.equal(reply.seen?.headers["x-other"], undefined);
      assert.match(reply.headers, /^set-cookie: a=b\r$/m);
      const asked = last(mesh, "http");
      assert.equal(asked.path, "/check/some/thing?a=b");
      const seen = asked.headers as Record<string, string>;
      assert.equal(seen["x-token"], "t");
      assert.equal(seen.cookie, undefined);
      assert.equal(seen.host, `${mesh.service.vips[0]}:8001`);
    });
  },
);

authTest("an HTTP provider denies in its own words", async (mesh) => {
  await mesh.under([custom("http-plain")], async () => {
    const reply = await mesh.get("/deny");
    assert.equal(reply.status, 401);
    assert.equal(reply.body, "who are you?");
    assert.match(reply.headers, /^www-authenticate: Test\r$/m);
    assert.doesNotMatch(reply.headers, /x-secret/);
    const line = await mesh.waypoint.untilRequest(
      "the refusal",
      ({ request, details }) =>
        request.startsWith("GET /deny") && details === "ext_authz_denied",
    );
    assert.equal(line.policy, "default/ask");
  });
});

for (const version of ["--http1.1", "--http2-prior-knowledge"]) {
  authTest(`a refusal of HEAD is a head alone, ${version}`, async (mesh) => {
    await mesh.under([custom("http-plain")], async () => {
      for (const path of ["/octets", "/broken"]) {
        const reply = await mesh.get(path, ["--head", version]);
        assert.equal(reply.curlCode, 0);
        assert.equal(reply.status, 403);
      }
    });
  });
}

authTest(
  "an HTTP provider's octets reach the client unchanged",
  async (mesh) => {
    await mesh.under([custom("http-plain")], async () => {
      const reply = await mesh.get("/octets", ["-o", "/dev/null"]);
      assert.equal(reply.curlCode, 0);
      assert.equal(reply.status, 403);
      assert.match(reply.headers, /^content-length: 3\r$/m);
    });
  },
);

authTest(
  "a provider is asked only about what its policy matches",
  async (mesh) => {
    const rules = [{ to: [{ operation: { paths: ["/admin*"] } }] }];
    await mesh.under([custom("http-nobody", rules)], async () => {
      assert.equal((await mesh.get("/other")).status, 200);
      assert.equal((await mesh.get("/admin/x")).status, 403);
    });
  },
);

const failures: [provider: string, path: string, status: number][] = [
  ["http-plain", "/broken", 403],
  ["http-plain", "/slow", 403],
  ["http-nobody", "/", 403],
  ["http-status", "/", 503],
  ["http-open", "/", 200],
  ["http-unknown", "/", 403],
  ["http-missing", "/", 403],
  ["grpc-plain", "/broken", 403],
  ["grpc-plain", "/slow", 403],
  ["grpc-nobody", "/", 403],
  ["grpc-open", "/", 200],
];
for (const [provider, path, status] of failures) {
  authTest(
    `${provider} without an answer to ${path} means ${status}`,
    async (mesh) => {
      await mesh.under([custom(provider)], async () => {
        const reply = await mesh.get(path);
        assert.equal(reply.curlCode, 0);
        assert.equal(reply.status, status);
        assert.equal(reply.seen === undefined, status !== 200);
      });
    },
  );
}

authTest("a gRPC provider learns who calls whom for what", async (mesh) => {
  await mesh.under([custom("grpc-plain")], async () => {
    await mesh.get("/a?key=1", ["-X", "POST", "-d", "12345"]);
    const { headers, source, ...asked } = last(mesh, "grpc");
    const { sleep, waypoint } = mesh.mesh.pods;
    const [vip] = mesh.service.vips;
    assert.deepEqual(asked, {
      principal: identityOf(sleep),
      destination: `${vip}:8001`,
      callee: identityOf(waypoint),
      method: "POST",
      path: "/a?key=1",
      host: `${vip}:8001`,
      scheme: "http",
      size: "5",
      protocol: "HTTP/1.1",
      body: "",
      rawBody: "",
    });
    assert.ok(`${source}`.startsWith(`${sleep.ips[0]}:`), `${source}`);
    const seen = headers as Record<string, string>;
    assert.equal(seen[":path"], "/a?key=1");
    assert.equal(seen["content-length"], "5");
  });
});

authTest(
  "a gRPC provider allows, and changes request and response",
  async (mesh) => {
    await mesh.under([custom("grpc-plain")], async () => {
      const reply = await mesh.get("/a?key=1&b=2", ["-H", "x-token: t"]);
      assert.equal(reply.status, 200);
      assert.equal(reply.seen?.path, "/a?b=2&user=ann");
      assert.equal(reply.seen?.headers["x-user"], "ann");
      assert.equal(reply.seen?.headers["x-token"], undefined);
      assert.match(reply.headers, /^x-seen: authorizer\r$/m);
      assert.match(reply.headers, /^x-new: 1\r$/m);
    });
  },
);

authTest("a gRPC provider denies in its own words", async (mesh) => {
  await mesh.under([custom("grpc-plain")], async () => {
    const reply = await mesh.get("/deny");
    assert.equal(reply.status, 401);
    assert.equal(reply.body, "who are you?");
    assert.match(reply.headers, /^www-authenticate: Test\r$/m);
  });
});

authTest("a gRPC provider can tell callers apart", async (mesh) => {
  const { sleep, notsleep } = mesh.mesh.pods;
  await mesh.under([custom("grpc-plain")], async () => {
    assert.equal((await mesh.get("/", [], sleep)).status, 200);
    const reply = await mesh.get("/", [], notsleep);
    assert.equal(reply.status, 403);
    assert.equal(reply.body, "");
  });
});

const bodies: [provider: string, body: string, status: number][] = [
  ["http-body", "all is well", 200],
  ["http-body", "all is bad", 403],
  ["http-body", "x".repeat(16), 200],
  ["http-body", "x".repeat(17), 413],
  ["http-partial", "x".repeat(100_000), 200],
  ["http-partial", `bad ${"x".repeat(100_000)}`, 403],
  ["grpc-body", "all is well", 200],
  ["grpc-body", "all is bad", 401],
  ["grpc-body", "x".repeat(17), 413],
];
for (const [provider, body, status] of bodies) {
  const shown = `${body.slice(0, 11)} (${body.length})`;
  for (const coding of ["content-length", "chunked"]) {
    authTest(
      `${provider} means ${status} for a body of ${shown}, ${coding}`,
      async (mesh) => {
        const file = `${mesh.mesh.lab.folder}/body`;
        await Deno.writeTextFile(file, body);
        const more = ["--data-binary", `@${file}`];
        if (coding === "chunked") more.push("-H", "transfer-encoding: chunked");
        await mesh.under([custom(provider)], async () => {
          const reply = await mesh.get("/", more);
          assert.equal(reply.curlCode, 0);
          assert.equal(reply.status, status);
          if (status === 200) assert.equal(reply.seen?.body, body);
        });
      },
    );
  }
}

authTest(
  "a client that waits for leave to send its body gets it",
  async (mesh) => {
    await mesh.under([custom("http-body")], async () => {
      const more = ["-d", "well", "-H", "expect: 100-continue"];
      const reply = await mesh.get("/", [...more, "--expect100-timeout", "30"]);
      assert.equal(reply.status, 200);
      assert.equal(reply.seen?.body, "well");
      assert.equal(reply.seen?.headers.expect, undefined);
      assert.equal(reply.headers.match(/^HTTP\/1.1 100/gm)?.length, 1);
    });
  },
);

authTest("a provider sees how much of a body it got", async (mesh) => {
  await mesh.under([custom("http-partial")], async () => {
    await mesh.get("/", ["-d", "x".repeat(20)]);
    const { headers, body } = last(mesh, "http");
    assert.equal(body, "x".repeat(16));
    const seen = headers as Record<string, string>;
    assert.equal(seen["x-envoy-auth-partial-body"], "true");
  });
});

const connections: [
  provider: string,
  caller: "sleep" | "notsleep",
  through: boolean,
][] = [
  ["grpc-plain", "sleep", true],
  ["grpc-plain", "notsleep", false],
  ["grpc-nobody", "sleep", false],
  ["grpc-open", "notsleep", true],
  ["http-plain", "sleep", true], // does not count for what is not HTTP
];
for (const [provider, caller, through] of connections) {
  authTest(
    `${provider} lets a connection of ${caller} pass: ${through}`,
    async (mesh) => {
      await mesh.under([custom(provider)], async () => {
        const { lab, pods } = mesh.mesh;
        const [vip = ""] = mesh.service.vips;
        const { stdout } = await sendTcp(
          lab,
          pods[caller],
          vip,
          ECHO_PORT,
          "hi\n",
        );
        assert.equal(stdout, through ? "hi\n" : "");
      });
    },
  );
}

authTest("a provider that comes back is asked again", async (mesh) => {
  await mesh.under([custom("http-plain")], async () => {
    await mesh.stopServer("http");
    assert.equal((await mesh.get("/")).status, 403);
    await mesh.startServer("http");
    assert.equal((await mesh.get("/")).status, 200);
  });
});

authTest(
  "new policies hold for a client that stays connected",
  async (mesh) => {
    const { lab, pods } = mesh.mesh;
    const [vip = ""] = mesh.service.vips;
    const client = lab.start(pods.sleep, "steady-requests", [
      ...[Deno.execPath(), "run", "--no-config", "-N"],
      new URL("./programs/steady_requests.ts", import.meta.url).pathname,
      ...[vip, "8001"],
    ]);
    await client.untilLog(/^200$/m);
    await mesh.under([custom("http-nobody")], async () => {
      await client.untilLog(/^403$/m);
    });
    await client.untilLog(/403\n200\n/);
    assert.doesNotMatch(client.log(), /closed/);
    await client.stop();
  },
);
