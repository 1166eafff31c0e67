/** A waypoint of hairpin's in front of services on both nodes, and the ways round it. */
import assert from "node:assert/strict";
import type { HairpinProcess, LabPod, Place } from "../lab/mod.ts";
import { Growth, identityOf } from "./calls.ts";
import { startIstiodWaypoint, WAYPOINT_LABELS } from "./istiod_waypoint.ts";
import {
  ip,
  type Kind,
  type MixedMesh,
  NODES,
  PATIENCE_MS,
} from "./mixed_mesh_support.ts";
import { shareMixedMesh } from "./mixed_mesh_table.ts";
import { authorizationPolicy } from "./policy_support.ts";
import { eventually } from "./support.ts";

const rowTest = shareMixedMesh();
const BYPASSES = "hairpin_waypoint_bypass_total";
const KINDS: readonly Kind[] = ["hairpin", "ztunnel"];

/** Everybody may read it, nobody may, everybody but ztunnel's client may. */
const PATHS = ["/", "/private", "/ip"];

/** Statuses of those paths, by way and by client. */
const STRAIGHT = "200 200 200";
const ROUND = "200 403 200";
const ROUND_FROM_ZTUNNEL = "200 403 403";

/** Made by the first test that needs it, and kept by the mesh. */
let made: Promise<HairpinProcess> | undefined;
const waypointOf = (mesh: MixedMesh) => made ??= addWaypoint(mesh);

async function addWaypoint(mesh: MixedMesh): Promise<HairpinProcess> {
  const { lab, plane, base, sides } = mesh;
  const node = NODES.hairpin;
  const labels = WAYPOINT_LABELS;
  const pod = await lab.addPod({ name: "waypoint", node, labels });
  await plane.addPod({ name: "waypoint", node, ips: pod.ips, labels });
  const env = base.at(node).istio ?? {};
  const waypoint = await startIstiodWaypoint(lab, plane, pod, env);
  await plane.apply(...policies(mesh));
  for (const kind of KINDS) {
    const { name } = sides[kind].server;
    const use = "istio.io/use-waypoint=waypoint";
    await plane.kubectl(["label", "service", name, use]);
  }
  for (const source of KINDS) {
    for (const destination of KINDS) {
      const { client } = sides[source];
      await eventually(
        `${client.name} reaches ${destination}'s service by the waypoint`,
        async () =>
          /^200 403/.test(await ask(mesh, client, vip(mesh, destination))),
        PATIENCE_MS,
      );
    }
  }
  return waypoint;
}

const vip = ({ sides }: MixedMesh, kind: Kind): string => sides[kind].vips[0]!;

/** For both services: nobody has the one path, ztunnel's client not the other. */
function policies({ sides }: MixedMesh): readonly object[] {
  const targetRefs = KINDS.map((kind) => ({
    group: "",
    kind: "Service",
    name: sides[kind].server.name,
  }));
  const [, everybody, one] = PATHS;
  const client = identityOf(sides.ztunnel.client).replace("spiffe://", "");
  const deny = (rule: object) => ({
    targetRefs,
    action: "DENY",
    rules: [rule],
  });
  const to = (path: string | undefined) => [{ operation: { paths: [path] } }];
  return [
    authorizationPolicy("private", deny({ to: to(everybody) })),
    authorizationPolicy(
      "not-for-one",
      deny({ from: [{ source: { principals: [client] } }], to: to(one) }),
    ),
  ];
}

/** The statuses of the three paths. */
async function ask(
  mesh: MixedMesh,
  from: Place,
  host: string,
): Promise<string> {
  const statuses: number[] = [];
  for (const path of PATHS) {
    statuses.push((await mesh.get(from, host, path)).status);
  }
  return statuses.join(" ");
}

/** What is asked of a mesh, and what must come of it. */
interface Case {
  readonly source: Kind | "outsider";
  readonly destination: Kind;
  readonly to: "service VIP" | "pod IP";
  readonly answers: string;
  /** Whether hairpin turns it round to the waypoint. */
  readonly turned?: true;
}

const CASES: readonly Case[] = [
  {
    source: "ztunnel",
    destination: "hairpin",
    to: "service VIP",
    answers: ROUND_FROM_ZTUNNEL,
  },
  {
    source: "ztunnel",
    destination: "ztunnel",
    to: "service VIP",
    answers: ROUND_FROM_ZTUNNEL,
  },
  {
    source: "hairpin",
    destination: "ztunnel",
    to: "service VIP",
    answers: ROUND,
  },
  {
    source: "hairpin",
    destination: "hairpin",
    to: "service VIP",
    answers: ROUND,
  },
  {
    source: "ztunnel",
    destination: "hairpin",
    to: "pod IP",
    answers: ROUND_FROM_ZTUNNEL,
    turned: true,
  },
  {
    source: "hairpin",
    destination: "hairpin",
    to: "pod IP",
    answers: ROUND,
    turned: true,
  },
  {
    source: "outsider",
    destination: "hairpin",
    to: "pod IP",
    answers: ROUND,
    turned: true,
  },
  // ztunnel lets everybody go round a waypoint.
  {
    source: "hairpin",
    destination: "ztunnel",
    to: "pod IP",
    answers: STRAIGHT,
  },
  {
    source: "outsider",
    destination: "ztunnel",
    to: "pod IP",
    answers: STRAIGHT,
  },
];

const WAYS: Readonly<Record<string, string>> = {
  [ROUND]: "by the waypoint",
  [ROUND_FROM_ZTUNNEL]: "by the waypoint, which knows who calls",
  [STRAIGHT]: "straight to the application",
};

for (const { source, destination, to, answers, turned } of CASES) {
  const way = `${to}, with a waypoint`;
  rowTest({ source, destination, way }, async (mesh) => {
    const waypoint = await waypointOf(mesh);
    const { lab, sides } = mesh;
    const from = source === "outsider" ? lab.outsider : sides[source].client;
    const host = to === "pod IP"
      ? ip(sides[destination].server)
      : vip(mesh, destination);
    const growth = await Growth.watch(mesh.proxy("hairpin"));
    assert.equal(await ask(mesh, from, host), answers);
    const bypasses = turned === true ? PATHS.length : 0;
    await growth.until(BYPASSES, {}, bypasses);
    if (turned === true) await untilVouched(waypoint, from);
    return turned === true
      ? `turned round, ${WAYS[answers]}`
      : WAYS[answers] ?? answers;
  });
}

rowTest(
  { source: "waypoint", destination: "istiod", way: "certificates" },
  async (mesh) => {
    const waypoint = await waypointOf(mesh);
    const { certificates } = await waypoint.configDump();
    assert.deepEqual(
      certificates.map(({ identity, state }) => [identity, state]),
      [
        ["spiffe://cluster.local/ns/default/sa/waypoint", "Available"],
      ],
    );
    return "its own, and none of the other pods of its node";
  },
);

/** The waypoint was told who had called, if the caller had an identity, and from where. */
async function untilVouched(
  waypoint: HairpinProcess,
  from: Caller,
): Promise<void> {
  const wanted = "serviceAccount" in from ? identityOf(from) : "unknown";
  await waypoint.untilRequest(
    `a request of ${wanted} from ${ip(from)}, turned round`,
    ({ hairpinSource, remote }) =>
      hairpinSource === wanted && remote.startsWith(`${ip(from)}:`),
  );
}

type Caller = LabPod | MixedMesh["lab"]["outsider"];
