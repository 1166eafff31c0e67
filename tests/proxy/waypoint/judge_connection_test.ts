import assert from "node:assert/strict";
import type { GrpcAuthorizer } from "../../../src/model/external_authorizer.ts";
import type { HttpPolicy } from "../../../src/model/http_policy.ts";
import type { WaypointCall } from "../../../src/proxy/waypoint/call.ts";
import { ConnectionJudge } from "../../../src/proxy/waypoint/judge_connection.ts";
import { Loads } from "../../../src/proxy/waypoint/loads.ts";
import { WaypointView } from "../../../src/proxy/waypoint/view.ts";
import { frameMessage } from "../../../src/wire/grpc/mod.ts";
import { FakeMessage } from "../../support/fake_message.ts";
import { peer } from "../../support/http_samples.ts";
import { TestProxy } from "../../support/proxy_context.ts";
import {
  at,
  hostOf,
  pod,
  service,
  serving,
} from "../../support/sample_mesh.ts";
import { waypointView } from "../../support/waypoint_view.ts";

const AUTH: GrpcAuthorizer = {
  protocol: "grpc",
  name: "auth",
  service: hostOf("auth"),
  port: 80,
  timeoutMs: 60_000,
  failOpen: false,
  statusOnError: 403,
  clearRouteCache: false,
  body: undefined,
};
const RULES = [{ index: 0, from: [], to: [], when: [] }];
const POLICY = { namespace: "ns1", name: "p", dryRun: false, rules: RULES };
const DENY: HttpPolicy = { ...POLICY, action: "DENY" };
const AUDIT: HttpPolicy = { ...POLICY, action: "AUDIT" };
const CUSTOM: HttpPolicy = {
  ...POLICY,
  action: "CUSTOM",
  provider: "auth",
  authorizer: AUTH,
};
const OTHER: HttpPolicy = {
  ...CUSTOM,
  provider: "other",
  authorizer: { ...AUTH, name: "other" },
};

const viewOf = (...policies: HttpPolicy[]) =>
  waypointView({ policies: { gateway: policies, services: {} } });

/** A connection to a pod, with the authorizer played by the test. */
class Connection {
  readonly proxy = new TestProxy({
    services: [service("auth", ["10.96.0.1"])],
    workloads: [pod("auth", ["10.0.0.2"], serving("auth"))],
  });
  readonly asked: FakeMessage[] = [];
  readonly judge: ConnectionJudge;
  view: WaypointView;

  constructor(...policies: HttpPolicy[]) {
    this.view = viewOf(...policies);
    const { context, served } = this.proxy;
    const call = Object.defineProperty(
      {
        context,
        pod: served,
        workload: pod("waypoint", ["10.0.0.1"]),
        target: { kind: "workload", workload: pod("web", ["10.0.0.3"]) },
        caller: { ...peer(), hairpinned: false },
        dst: at("10.0.0.3", 80),
        upstreams: { open: () => this.#open() },
        loads: new Loads(),
        hops: 0,
      },
      "view",
      { get: () => this.view },
    );
    this.judge = new ConnectionJudge(
      call as unknown as WaypointCall,
      undefined,
    );
  }

  /** Answers the question: an empty message says OK. */
  async answer(status: "0" | "13" = "0"): Promise<void> {
    while (this.asked.length === 0) {
      await new Promise((resolve) => setTimeout(resolve));
    }
    const message = this.asked.pop()!;
    const type = ["content-type", "application/grpc"] as const;
    message.headers([[":status", "200"], type]);
    const { receiver } = message;
    receiver?.onData(frameMessage(new Uint8Array()));
    message.headers([["grpc-status", status]], "trailers", true);
    message.finish();
  }

  #open(): Promise<FakeMessage> {
    const message = new FakeMessage();
    this.asked.push(message);
    return Promise.resolve(message);
  }
}

Deno.test("ConnectionJudge asks nobody where no policy wants it", async () => {
  assert.equal(await new Connection().judge.denial(), undefined);
  assert.equal(
    await new Connection(DENY).judge.denial(),
    "rbac_access_denied_matched_policy[ns[ns1]-policy[p]-rule[0]]",
  );
});

Deno.test("ConnectionJudge goes by the authorizer, then by the other policies", async () => {
  const allowed = new Connection(CUSTOM);
  const denial = allowed.judge.denial();
  await allowed.answer();
  assert.equal(await denial, undefined);
  const both = new Connection(CUSTOM, DENY);
  const denied = both.judge.denial();
  await both.answer();
  assert.match(await denied ?? "", /^rbac_access_denied/);
});

Deno.test("ConnectionJudge refuses what its authorizer does not answer", async () => {
  const connection = new Connection(CUSTOM);
  const denial = connection.judge.denial();
  await connection.answer("13");
  assert.equal(await denial, "ext_authz_denied");
});

Deno.test("ConnectionJudge ends no connection that is being asked about", async () => {
  const connection = new Connection(CUSTOM);
  const denial = connection.judge.denial();
  assert.equal(connection.judge.stillAllowed, true);
  await connection.answer();
  await denial;
  assert.equal(connection.judge.stillAllowed, true);
});

Deno.test("ConnectionJudge follows policies that change", async () => {
  const connection = new Connection(CUSTOM);
  const denial = connection.judge.denial();
  await connection.answer();
  await denial;
  for (
    const [policies, still] of [
      [[], true],
      [[CUSTOM], true],
      [[OTHER], false],
      [[CUSTOM, DENY], false],
    ] as const
  ) {
    connection.view = viewOf(...policies);
    assert.equal(connection.judge.stillAllowed, still);
  }
});

Deno.test("ConnectionJudge goes by policies that came while it asked", async () => {
  const connection = new Connection(CUSTOM);
  const denial = connection.judge.denial();
  connection.view = viewOf(CUSTOM, DENY);
  await connection.answer();
  assert.match(await denial ?? "", /^rbac_access_denied/);
});

Deno.test("ConnectionJudge tells of AUDIT policies", async () => {
  const connection = new Connection(AUDIT);
  await connection.judge.denial();
  assert.deepEqual(
    connection.proxy.lines().filter((line) => line.includes("audit")),
    ['info\tstate\taudit policy match\tpolicy="ns1/p"'],
  );
});
