/** What log and metrics say of a decision, and what a dry run does. */
import assert from "node:assert/strict";
import { OUTSIDER_ADDRESSES } from "../lab/addresses.ts";
import {
  authorizationPolicy,
  EVERYBODY,
  growthOf,
  isAnswered,
  isFrom,
  underPolicies,
  watchAccess,
  whoGetsThrough,
} from "./policy_support.ts";
import { ECHO_PORT, eventually, type Mesh, shareMesh } from "./support.ts";

const meshTest = shareMesh({ env: { AUTHZ_POLICY_INFO_LOGGING: "true" } });
const SLEEP = "cluster.local/ns/default/sa/sleep";
const BY_SLEEP = { rules: [{ from: [{ source: { principals: [SLEEP] } }] }] };
const [OUTSIDER] = OUTSIDER_ADDRESSES;
const sleepIp = ({ sleep }: Mesh) => sleep.ips[0];
const DRY_RUN = "hairpin_authorization_dry_run_total";

const deny = (name: string, spec: object) =>
  authorizationPolicy(name, { action: "DENY", ...spec });

meshTest(
  "a denial is logged at the destination by the policy's name, at the source as 401",
  async (mesh) => {
    const seen = watchAccess(mesh.server);
    const atSource = watchAccess(mesh.client);
    await underPolicies(mesh, [deny("log-deny", BY_SLEEP)], async () => {
      assert.equal(await isSleepAnswered(mesh), false);
      const { error, ...fields } = await seen("denial", isFrom(sleepIp(mesh)));
      assert.equal(
        error,
        "connection closed due to policy rejection: explicitly denied by: default/log-deny",
      );
      assert.equal(fields["direction"], "inbound");
      assert.equal(fields["dst.workload"], "httpbin");
      assert.equal(fields["src.identity"], `spiffe://${SLEEP}`);
      assert.equal(fields["bytes_recv"], "0");
      const source = await atSource("refusal", isFrom(sleepIp(mesh)));
      assert.equal(source["error"], "http status: 401 Unauthorized");
      assert.equal(source["direction"], "outbound");
    });
  },
);

meshTest("a denial by default is logged as such", async (mesh) => {
  const seen = watchAccess(mesh.server);
  const policy = authorizationPolicy("log-allow", {
    rules: [{ from: [{ source: { namespaces: ["nowhere"] } }] }],
  });
  await underPolicies(mesh, [policy], async () => {
    assert.equal(await isSleepAnswered(mesh), false);
    const { error } = await seen("denial", isFrom(sleepIp(mesh)));
    assert.equal(
      error,
      "connection closed due to policy rejection: allow policies exist, but none allowed",
    );
  });
});

meshTest(
  "a denied plaintext caller is logged without an identity",
  async (mesh) => {
    const seen = watchAccess(mesh.server);
    await underPolicies(
      mesh,
      [deny("log-plain", { rules: [{}] })],
      async () => {
        const url = mesh.urlOf(mesh.httpbin);
        assert.equal(isAnswered(await mesh.get(mesh.lab.outsider, url)), false);
        const fields = await seen("denial", isFrom(OUTSIDER));
        assert.equal(fields["src.identity"], undefined);
        assert.match(fields["error"] ?? "", /denied by: default\/log-plain$/);
      },
    );
  },
);

meshTest(
  "a denial counts at the destination as opened, as closed and as DENY",
  async (mesh) => {
    const labels = {
      reporter: "destination",
      response_flags: "DENY",
      source_workload: "sleep",
      destination_workload: "httpbin",
      source_principal: `spiffe://${SLEEP}`,
      connection_security_policy: "mutual_tls",
    };
    const denied = async () => {
      const call = async () => assert.equal(await isSleepAnswered(mesh), false);
      await underPolicies(mesh, [deny("count-deny", BY_SLEEP)], call);
    };
    const closed = "istio_tcp_connections_closed_total";
    const opened = "istio_tcp_connections_opened_total";
    const { response_flags: _, ...anyFlag } = labels;
    let openings = 0;
    const closings = await growthOf(mesh.server, closed, labels, async () => {
      openings = await growthOf(mesh.server, opened, anyFlag, denied);
    });
    assert.deepEqual({ openings, closings }, { openings: 1, closings: 1 });
  },
);

meshTest("a denial counts at the source as CONNECT", async (mesh) => {
  const labels = {
    reporter: "source",
    response_flags: "CONNECT",
    source_workload: "sleep",
    destination_workload: "httpbin",
  };
  await underPolicies(mesh, [deny("count-source", BY_SLEEP)], async () => {
    const closed = "istio_tcp_connections_closed_total";
    const growth = await growthOf(mesh.client, closed, labels, async () => {
      assert.equal(await isSleepAnswered(mesh), false);
    });
    assert.equal(growth, 1);
  });
});

meshTest(
  "each decision is logged with the policy that made it",
  async (mesh) => {
    const rows = [
      [deny("say-deny", BY_SLEEP), "deny policy match", "default/say-deny"],
      [
        authorizationPolicy("say-allow", BY_SLEEP),
        "allow policy match",
        "default/say-allow",
      ],
      [authorizationPolicy("say-none", {}), "no allow policies matched"],
    ] as const;
    for (const [policy, message, by] of rows) {
      const from = mesh.server.process.log().length;
      await underPolicies(mesh, [policy], async () => {
        await isSleepAnswered(mesh);
        await mesh.server.process.untilLog(decision(message, by), { from });
      });
    }
  },
);

meshTest(
  "a dry run of DENY denies nobody, and says whom it would deny",
  async (mesh) => {
    const policy = authorizationPolicy(
      "dry-deny",
      { action: "DENY", ...BY_SLEEP },
      { dryRun: "true" },
    );
    const from = mesh.server.process.log().length;
    const labels = {
      policy: "default/dry-deny",
      action: "deny",
      outcome: "match",
    };
    const growth = await growthOf(
      mesh.server,
      DRY_RUN,
      labels,
      () =>
        underPolicies(mesh, [policy], async () => {
          const through = await whoGetsThrough(mesh, mesh.urlOf(mesh.httpbin));
          assert.deepEqual(through, [...EVERYBODY]);
        }),
    );
    assert.equal(growth, 1);
    const line = decision("dry-run: deny policy match", "default/dry-deny");
    await mesh.server.process.untilLog(line, { from });
  },
);

meshTest(
  "a dry run of ALLOW denies nobody, and counts hits and misses",
  async (mesh) => {
    const policy = authorizationPolicy("dry-allow", BY_SLEEP, {
      dryRun: "true",
    });
    const from = mesh.server.process.log().length;
    const missed = { policy: "none", action: "allow", outcome: "no_match" };
    const hit = {
      policy: "default/dry-allow",
      action: "allow",
      outcome: "match",
    };
    let hits = 0;
    const misses = await growthOf(mesh.server, DRY_RUN, missed, async () => {
      hits = await growthOf(
        mesh.server,
        DRY_RUN,
        hit,
        () =>
          underPolicies(mesh, [policy], async () => {
            const through = await whoGetsThrough(
              mesh,
              mesh.urlOf(mesh.httpbin),
            );
            assert.deepEqual(through, [...EVERYBODY]);
          }),
      );
    });
    assert.deepEqual({ hits, misses }, { hits: 1, misses: 3 });
    const { process } = mesh.server;
    const match = decision("dry-run: allow policy match", "default/dry-allow");
    await process.untilLog(match, { from });
    await process.untilLog(decision("dry-run: no allow policies match"), {
      from,
    });
  },
);

meshTest("a dry run annotated false is no dry run", async (mesh) => {
  const spec = { action: "DENY", ...BY_SLEEP };
  const policy = authorizationPolicy("wet-deny", spec, { dryRun: "false" });
  await underPolicies(mesh, [policy], async () => {
    assert.equal(await isSleepAnswered(mesh), false);
  });
});

meshTest(
  "an application hears nothing of a denied caller who speaks first",
  async (mesh) => {
    const { lab, echo } = mesh;
    const log = `${lab.folder}/heard`;
    await Deno.writeTextFile(log, "");
    // One line for each connection, and all that it said.
    const listener = lab.start(echo, "ear", [
      "socat",
      "TCP-LISTEN:9100,fork,reuseaddr",
      `SYSTEM:echo connected >>${log}; cat >>${log}`,
    ]);
    const speak = () => {
      const client = ["socat", "-t1", "-", `TCP:${echo.ips[0]}:9100`];
      return lab.exec(mesh.sleep, client, { stdin: "first words\n" });
    };
    const policy = deny("hear-nothing", {
      rules: [{ from: [{ source: { principals: ["*"] } }] }],
    });
    const seen = watchAccess(mesh.server);
    await underPolicies(mesh, [policy], async () => {
      await speak();
      await seen("denial", isFrom(sleepIp(mesh)));
      assert.equal(await Deno.readTextFile(log), "");
    });
    await speak();
    await eventually(
      "the application hears an allowed caller",
      async () => await Deno.readTextFile(log) === "connected\nfirst words\n",
    );
    await listener.stop();
  },
);

meshTest(
  "a policy by port is asked about the application's port, not the tunnel's",
  async (mesh) => {
    const policy = deny("by-port", {
      rules: [{ to: [{ operation: { ports: ["15008", `${ECHO_PORT}`] } }] }],
    });
    await underPolicies(mesh, [policy], async () => {
      assert.equal(await isSleepAnswered(mesh), true);
    });
  },
);

async function isSleepAnswered(mesh: Mesh): Promise<boolean> {
  return isAnswered(await mesh.get(mesh.sleep, mesh.urlOf(mesh.httpbin)));
}

/** The log line of a decision, by a policy or by none. */
function decision(message: string, policy?: string): RegExp {
  const by = policy === undefined ? "\\n" : `policy="${policy}"\\n`;
  return new RegExp(`\\tinfo\\tstate\\t${message}\\t${by}`);
}
