/** Whom the waypoint takes a connection that was turned round to come from. */
import assert from "node:assert/strict";
import { answerOf, askInTunnel, type RawTunnel } from "./bypass_callers.ts";
import { AccessTail, call, identityOf } from "./calls.ts";
import { share } from "./share.ts";
import { eventually, HTTP_PORT } from "./support.ts";
import type { Place } from "../lab/mod.ts";
import { servicePolicy, WaypointMesh } from "./waypoint_support.ts";

const identityTest = share(() => WaypointMesh.start());

const principal = (account: string) => `cluster.local/ns/default/sa/${account}`;
const to = { operation: { paths: ["/"] } };
const denyOf = (name: string, source: object) =>
  servicePolicy(name, {
    action: "DENY",
    rules: [{ from: [{ source }], to: [to] }],
  });
const allowOf = (name: string, source: object) =>
  servicePolicy(name, { action: "ALLOW", rules: [{ from: [{ source }] }] });

/** 200, or what the waypoint says to those whom its policy does not let pass. */
type Status = 200 | 403;

type Caller = "sleep" | "notsleep" | "neighbour" | "bystander" | "outsider";

interface Row {
  readonly title: string;
  readonly policy: (mesh: WaypointMesh) => object;
  readonly statuses: Readonly<Partial<Record<Caller, Status>>>;
}

const addressOf = (place: { readonly ips: readonly string[] }) => place.ips[0]!;

/** All by pod IP: past the waypoint, and turned round to it. */
const ROWS: readonly Row[] = [
  {
    title: "DENY by principal",
    policy: () => denyOf("deny-sleep", { principals: [principal("sleep")] }),
    statuses: { sleep: 403, notsleep: 200, neighbour: 200, outsider: 200 },
  },
  {
    title: "ALLOW by principal",
    policy: () => allowOf("allow-sleep", { principals: [principal("sleep")] }),
    statuses: {
      ...{ sleep: 200, notsleep: 403, neighbour: 403 },
      ...{ bystander: 403, outsider: 403 },
    },
  },
  {
    title: "ALLOW by any principal, which plaintext has not",
    policy: () => allowOf("allow-known", { principals: ["*"] }),
    statuses: {
      ...{ sleep: 200, notsleep: 200, neighbour: 200 },
      ...{ bystander: 403, outsider: 403 },
    },
  },
  {
    title:
      "ALLOW for the pod that turns connections round, which nobody becomes",
    policy: () =>
      allowOf("allow-server", { principals: [principal("httpbin")] }),
    statuses: {
      ...{ sleep: 403, notsleep: 403, neighbour: 403 },
      ...{ bystander: 403, outsider: 403 },
    },
  },
  {
    title: "DENY by namespace",
    policy: () => denyOf("deny-namespace", { namespaces: ["default"] }),
    statuses: { sleep: 403, neighbour: 403, bystander: 200, outsider: 200 },
  },
  {
    title: "DENY by a caller's address",
    policy: ({ pods }) =>
      denyOf("deny-address", { ipBlocks: [addressOf(pods.sleep)] }),
    statuses: { sleep: 403, notsleep: 200, neighbour: 200, outsider: 200 },
  },
  {
    title: "ALLOW by a caller's address, with or without identity",
    policy: ({ pods, lab }) =>
      allowOf("allow-addresses", {
        ipBlocks: [addressOf(pods.bystander), addressOf(lab.outsider)],
      }),
    statuses: {
      ...{ sleep: 403, neighbour: 403, bystander: 200, outsider: 200 },
    },
  },
  {
    title: "DENY by the address of the pod that turns connections round",
    policy: ({ pods }) =>
      denyOf("deny-server", { ipBlocks: [addressOf(pods.httpbin)] }),
    statuses: { sleep: 200, neighbour: 200, bystander: 200, outsider: 200 },
  },
];

for (const { title, policy, statuses } of ROWS) {
  identityTest(
    `the waypoint sees the original peer: ${title}`,
    async (mesh) => {
      await mesh.under("policy-identity", policy(mesh), async () => {
        const callers = Object.keys(statuses) as Caller[];
        const seen = await Promise.all(
          callers.map(async (caller) =>
            [caller, await statusFor(mesh, placeOf(mesh, caller))] as const
          ),
        );
        assert.deepEqual(Object.fromEntries(seen), statuses);
      });
    },
  );
}

const placeOf = ({ lab, pods }: WaypointMesh, caller: Caller): Place =>
  caller === "outsider" ? lab.outsider : pods[caller];

async function statusFor(mesh: WaypointMesh, from: Place): Promise<number> {
  return (await call(mesh.lab, from, mesh.urlOf(mesh.pods.httpbin))).status;
}

const SLEEP_ID = "spiffe://cluster.local/ns/default/sa/sleep";
const authority = ({ pods }: WaypointMesh) =>
  `${addressOf(pods.httpbin)}:${HTTP_PORT}`;
const vip = ({ services }: WaypointMesh) =>
  `${services.httpbin.vips[0]}:${HTTP_PORT}`;

/** What somebody says who would like to pass for sleep. */
const forged = ({ pods }: WaypointMesh) => ({
  "x-hairpin-source": SLEEP_ID,
  forwarded: `for="${addressOf(pods.sleep)}:4711";` +
    "host=httpbin.default.svc.cluster.local",
});

const FORGERIES: readonly (readonly [
  title: string,
  tunnel: (mesh: WaypointMesh) => RawTunnel,
])[] = [
  ["at the waypoint, with another client's certificate", (mesh) => ({
    certificate: { serviceAccount: "notsleep" },
    authority: vip(mesh),
    to: "waypoint",
  })],
  [
    "at the waypoint, with the server's certificate but not its address",
    (mesh) => ({
      certificate: { serviceAccount: "httpbin" },
      authority: vip(mesh),
      to: "waypoint",
    }),
  ],
  ["at the waypoint, with the waypoint's own certificate", (mesh) => ({
    certificate: { serviceAccount: "waypoint" },
    authority: vip(mesh),
    to: "waypoint",
    from: mesh.pods.waypoint,
  })],
  ["at the waypoint, by host name", () => ({
    certificate: { serviceAccount: "notsleep" },
    authority: `httpbin.default.svc.cluster.local:${HTTP_PORT}`,
    to: "waypoint",
  })],
  ["at the pod, with another client's certificate", (mesh) => ({
    certificate: { serviceAccount: "notsleep" },
    authority: authority(mesh),
  })],
  ["at the pod, with the server's certificate", (mesh) => ({
    certificate: { serviceAccount: "httpbin" },
    authority: authority(mesh),
  })],
];

for (const [title, tunnel] of FORGERIES) {
  identityTest(`headers make nobody another: ${title}`, async (mesh) => {
    const headers = forged(mesh);
    for (
      const source of [
        { principals: [principal("sleep")] },
        { ipBlocks: [addressOf(mesh.pods.sleep)] },
      ]
    ) {
      const policy = allowOf("allow-sleep-only", source);
      await mesh.under("policy-forged", policy, async () => {
        const from = mesh.pods.loner;
        const how = { from, ...tunnel(mesh), headers };
        const [answer] = await askInTunnel(mesh, ["/"], how);
        assert.equal(answerOf(answer), 403);
        assert.equal(await statusFor(mesh, mesh.pods.sleep), 200);
      });
    }
  });
}

identityTest(
  "a client's HTTP headers make it nobody else either",
  async (mesh) => {
    const policy = allowOf("allow-sleep-only", {
      principals: [principal("sleep")],
    });
    const flags = Object.entries(forged(mesh))
      .flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
    await mesh.under("policy-forged", policy, async () => {
      for (const target of [mesh.pods.httpbin, mesh.services.httpbin]) {
        const url = mesh.urlOf(target);
        const reply = await call(mesh.lab, mesh.pods.notsleep, url, flags);
        assert.equal(reply.status, 403);
      }
    });
  },
);

identityTest(
  "a vouched-for claim that is not believed is named in the waypoint's log",
  async (mesh) => {
    const { process } = mesh.waypoint;
    const from = process.log().length;
    await askInTunnel(mesh, ["/"], {
      certificate: { serviceAccount: "notsleep" },
      authority: vip(mesh),
      to: "waypoint",
      headers: forged(mesh),
    });
    const pattern = /a peer vouches for another unasked.*x-hairpin-source.*/;
    const [line] = await process.untilLog(pattern, { from });
    assert.match(line, /sa\/notsleep/);
  },
);

for (
  const [title, caller, identity] of [
    ["with identity", "sleep", identityOf],
    ["without identity", "bystander", undefined],
  ] as const
) {
  identityTest(
    `both logs tell the turn of a connection ${title}`,
    async (mesh) => {
      const { pods } = mesh;
      const pod = pods[caller];
      const tail = new AccessTail(mesh.server);
      const from = mesh.waypoint.process.log().length;
      const marker = `marker-${caller}`;
      const url = mesh.urlOf(pods.httpbin);
      const { localPort } = await call(mesh.lab, pod, url, ["-A", marker]);
      const source = identity?.(pod) ?? "";
      const peer = addressOf(pod);
      const { fields } = await tail.until({
        "waypoint.bypass": "hairpin",
        "src.identity": source,
      });
      assert.equal(hostOf(fields["src.addr"]), peer);
      assert.equal(fields["dst.workload"], "httpbin");
      const line = await waypointLine(mesh, from, marker);
      assert.ok(line.endsWith(` ${source || "unknown"}`), line);
      assert.ok(line.includes(` ${peer}:`), line);
      if (identity === undefined) {
        assert.ok(line.includes(`${peer}:${localPort} `));
      }
    },
  );
}

identityTest("a call by VIP is no turn in either log", async (mesh) => {
  const { lab, pods, services } = mesh;
  const tail = new AccessTail(mesh.server);
  const from = mesh.waypoint.process.log().length;
  await call(lab, pods.sleep, mesh.urlOf(services.httpbin), ["-A", "by-vip"]);
  const line = await waypointLine(mesh, from, "by-vip");
  assert.ok(line.endsWith(" -"), line);
  assert.ok(tail.lines.every(({ fields }) => !("waypoint.bypass" in fields)));
});

const hostOf = (address: string | undefined) =>
  address?.slice(0, address.lastIndexOf(":"));

/** The waypoint's line of the request with that user agent. */
async function waypointLine(
  { waypoint: { process } }: WaypointMesh,
  from: number,
  agent: string,
): Promise<string> {
  let line: string | undefined;
  await eventually(`the waypoint's line of ${agent}`, () => {
    const lines = process.log().slice(from).split("\n");
    line = lines.find((text) => text.includes(`"${agent}"`));
    return Promise.resolve(line !== undefined);
  });
  return line ?? "";
}
