/** What the node's own policies say still holds when a connection is turned round to the waypoint. */
import assert from "node:assert/strict";
import type { Place } from "../lab/mod.ts";
import { type Answers, byCurl, byTunnel, wayOf } from "./bypass_callers.ts";
import { AccessTail, call, Growth } from "./calls.ts";
import { authorizationPolicy, peerAuthentication } from "./policy_support.ts";
import { share } from "./share.ts";
import { HTTP_PORT } from "./support.ts";
import { WaypointMesh } from "./waypoint_support.ts";

const layersTest = share(() => WaypointMesh.start());

const principal = (account: string) => `cluster.local/ns/default/sa/${account}`;
const onServer = (name: string, spec: object) =>
  authorizationPolicy(name, {
    selector: { matchLabels: { app: "httpbin" } },
    ...spec,
  });
const from = (source: object) => [{ from: [{ source }] }];

type Caller = "sleep" | "notsleep" | "neighbour" | "bystander";
/** As clients see it: both paths answered by these statuses, or cut. */
type Seen = "200 403" | "503 403" | "cut cut";

const ROWS: readonly (readonly [
  title: string,
  policy: object,
  seen: Readonly<Record<Caller, Seen>>,
])[] = [
  [
    "DENY by principal",
    onServer("l4-deny", {
      action: "DENY",
      rules: from({ principals: [principal("sleep")] }),
    }),
    {
      ...{ sleep: "cut cut", notsleep: "200 403" },
      ...{ neighbour: "200 403", bystander: "200 403" },
    },
  ],
  [
    "DENY of everybody without identity",
    onServer("l4-deny-plaintext", {
      action: "DENY",
      rules: from({ notPrincipals: ["*"] }),
    }),
    {
      ...{ sleep: "200 403", notsleep: "200 403" },
      ...{ neighbour: "200 403", bystander: "cut cut" },
    },
  ],
  [
    "STRICT",
    peerAuthentication("strict", "default", { mtls: { mode: "STRICT" } }),
    {
      ...{ sleep: "200 403", notsleep: "200 403" },
      ...{ neighbour: "200 403", bystander: "cut cut" },
    },
  ],
  [
    "ALLOW for the waypoint alone",
    onServer("l4-allow-waypoint", {
      rules: from({ principals: [principal("waypoint")] }),
    }),
    {
      ...{ sleep: "200 403", notsleep: "200 403" },
      ...{ neighbour: "200 403", bystander: "200 403" },
    },
  ],
  // The application is reached by the waypoint or not at all: a policy that
  // admits a client admits nobody past the waypoint.
  [
    "ALLOW for a client, and not for the waypoint",
    onServer("l4-allow-sleep", {
      rules: from({ principals: [principal("sleep")] }),
    }),
    {
      ...{ sleep: "503 403", notsleep: "503 403" },
      ...{ neighbour: "503 403", bystander: "503 403" },
    },
  ],
  [
    "ALLOW for the waypoint and a client",
    onServer("l4-allow-both", {
      rules: from({ principals: [principal("sleep"), principal("waypoint")] }),
    }),
    {
      ...{ sleep: "200 403", notsleep: "200 403" },
      ...{ neighbour: "200 403", bystander: "200 403" },
    },
  ],
];

for (const [title, policy, seen] of ROWS) {
  layersTest(`at the node, past the waypoint: ${title}`, async (mesh) => {
    await mesh.under("policy-layer", policy, async () => {
      const { pods } = mesh;
      const callers = Object.keys(seen) as Caller[];
      const answers = await Promise.all(
        callers.map(async (caller) =>
          [caller, (await byPodIp(mesh, pods[caller])).join(" ")] as const
        ),
      );
      assert.deepEqual(Object.fromEntries(answers), seen);
    });
  });
}

const byPodIp = (mesh: WaypointMesh, place: Place): Promise<Answers> =>
  byCurl(mesh, place, mesh.pods.httpbin.ips[0] ?? "");

layersTest(
  "a DENY keeps a connection even from the waypoint",
  async (mesh) => {
    const policy = onServer("l4-deny-early", {
      action: "DENY",
      rules: from({ principals: [principal("sleep")] }),
    });
    await mesh.under("policy-layer", policy, async () => {
      const tail = new AccessTail(mesh.server);
      const since = mesh.waypoint.process.log().length;
      await byPodIp(mesh, mesh.pods.sleep);
      const { fields } = await tail.until({ "waypoint.bypass": "hairpin" });
      assert.match(fields["error"] ?? "", /polic/);
      assert.doesNotMatch(mesh.waypoint.process.log().slice(since), /GET/);
    });
  },
);

layersTest(
  "policies at the node see the original peer in a tunnel opened by hand",
  async (mesh) => {
    const policy = onServer("l4-deny-tunnel", {
      action: "DENY",
      rules: from({ principals: [principal("stolen")] }),
    });
    const tunnel = {
      certificate: { serviceAccount: "stolen" },
      authority: `${mesh.pods.httpbin.ips[0]}:${HTTP_PORT}`,
    };
    assert.equal(wayOf(await byTunnel(mesh, tunnel)), "round");
    await mesh.under("policy-layer", policy, async () => {
      assert.equal(wayOf(await byTunnel(mesh, tunnel)), "refused");
    });
  },
);

layersTest("a waypoint's 403 reaches a client as it is", async (mesh) => {
  const growth = await Growth.watch(mesh.server);
  const url = mesh.urlOf(mesh.pods.httpbin, "/secret");
  for (const place of [mesh.pods.sleep, mesh.lab.outsider]) {
    const reply = await call(mesh.lab, place, url);
    assert.equal(reply.status, 403);
    assert.equal(reply.body, "RBAC: access denied");
  }
  const outcome = "hairpin_waypoint_unreachable_total";
  assert.equal(await growth.of(outcome), 0);
});
