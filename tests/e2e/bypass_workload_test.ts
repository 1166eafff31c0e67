/** Waypoints in front of a workload: there is no way round those either. */
import assert from "node:assert/strict";
import {
  type Answers,
  askInTunnel,
  byCurl,
  byTunnel,
  type Way,
  wayOf,
} from "./bypass_callers.ts";
import { answerOf } from "./bypass_callers.ts";
import { call, Growth } from "./calls.ts";
import { type Mode, MODES } from "./bypass_sources.ts";
import { share } from "./share.ts";
import { HTTP_PORT } from "./support.ts";
import {
  gateway,
  USE_WAYPOINT,
  WaypointMesh,
  waypointPolicy,
} from "./waypoint_support.ts";

class WorkloadMesh implements AsyncDisposable {
  #mode: Mode = "hairpin";

  private constructor(readonly mesh: WaypointMesh) {}

  /** The waypoint is the server pod's, and no service's. */
  static async start(): Promise<WorkloadMesh> {
    const mesh = await WaypointMesh.start({ waypointFor: "workload" });
    const { httpbin } = mesh.pods;
    const labels = { ...httpbin.labels, ...USE_WAYPOINT };
    await mesh.change(
      "the pod's waypoint",
      () => mesh.lab.applyPod({ ...httpbin, labels }),
    );
    return new WorkloadMesh(mesh);
  }

  async run(mode: Mode): Promise<WaypointMesh> {
    if (mode !== this.#mode) {
      await this.mesh.restartServer(["--waypoint-bypass", mode]);
      this.#mode = mode;
    }
    return this.mesh;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.mesh[Symbol.asyncDispose]();
  }
}

const workloadTest = share(() => WorkloadMesh.start());

type Fate = Readonly<Record<Mode, Way>>;
const by = (way: Way): Fate => ({ hairpin: way, reject: way, observe: way });
const PAST: Fate = { hairpin: "round", reject: "refused", observe: "straight" };
/** Istio sends it past the workload's waypoint, so that it is no bypass to refuse. */
const AS_ISTIO: Fate = { ...PAST, reject: "straight" };

const podIp = ({ pods }: WaypointMesh): string => pods.httpbin.ips[0] ?? "";
const atPod = (mesh: WaypointMesh) => `${podIp(mesh)}:${HTTP_PORT}`;

/** Sent past the waypoint, for a call to that service. */
const naming = (mesh: WaypointMesh, host: string) =>
  byTunnel(mesh, {
    certificate: { serviceAccount: "sleep" },
    authority: atPod(mesh),
    headers: { forwarded: `for="${mesh.pods.sleep.ips[0]}:4711";host=${host}` },
  });

const SOURCES: readonly (readonly [
  name: string,
  fate: Fate,
  ask: (mesh: WaypointMesh) => Promise<Answers>,
])[] = [
  [
    "a client by pod IP, as it should be",
    by("round"),
    (mesh) => byCurl(mesh, mesh.pods.sleep, podIp(mesh)),
  ],
  [
    "a neighbour on the node by pod IP",
    by("round"),
    (mesh) => byCurl(mesh, mesh.pods.neighbour, podIp(mesh)),
  ],
  // Calls to a service do not look for a workload's waypoint on their way out.
  [
    "a client by a service of the pod",
    AS_ISTIO,
    (mesh) => byCurl(mesh, mesh.pods.sleep, mesh.services.httpbin.vips[0]),
  ],
  [
    "a neighbour on the node by a service of the pod",
    AS_ISTIO,
    (mesh) => byCurl(mesh, mesh.pods.neighbour, mesh.services.httpbin.vips[0]),
  ],
  [
    "a proxy that names a service of the pod",
    AS_ISTIO,
    (mesh) => naming(mesh, "httpbin.default.svc.cluster.local"),
  ],
  [
    "a proxy that names a service of other pods",
    PAST,
    (mesh) => naming(mesh, "other.default.svc.cluster.local"),
  ],
  [
    "an outsider in plaintext",
    PAST,
    (mesh) => byCurl(mesh, mesh.lab.outsider, podIp(mesh)),
  ],
  [
    "a pod that is not enrolled",
    PAST,
    (mesh) => byCurl(mesh, mesh.pods.loner, podIp(mesh)),
  ],
  [
    "a proxy that ignores the waypoint",
    PAST,
    (mesh) =>
      byTunnel(mesh, {
        certificate: { serviceAccount: "sleep" },
        authority: atPod(mesh),
      }),
  ],
  [
    "the waypoint",
    by("straight"),
    (mesh) =>
      byTunnel(mesh, {
        certificate: { serviceAccount: "waypoint" },
        authority: atPod(mesh),
      }),
  ],
];

for (const mode of MODES) {
  for (const [name, fate, ask] of SOURCES) {
    workloadTest(`${mode}: ${name}: ${fate[mode]}`, async (shared) => {
      const mesh = await shared.run(mode);
      const growth = await Growth.watch(mesh.server);
      assert.equal(wayOf(await ask(mesh)), fate[mode]);
      const bypasses = fate[mode] === "straight" && mode === "reject" ||
          fate !== PAST && fate !== AS_ISTIO
        ? 0
        : 2;
      const name = "hairpin_waypoint_bypass_total";
      await growth.until(name, { action: mode }, bypasses);
    });
  }
}

workloadTest("the pod's waypoint sees the original peer", async (shared) => {
  const mesh = await shared.run("hairpin");
  const { lab, pods, services } = mesh;
  const policy = waypointPolicy("allow-sleep", {
    rules: [{
      from: [{ source: { principals: ["cluster.local/ns/default/sa/sleep"] } }],
    }],
  });
  await mesh.under("policy-workload", policy, async () => {
    const statusOf = async (from: { netns: string }, url: string) =>
      (await call(lab, from, url)).status;
    for (const target of [pods.httpbin, services.httpbin]) {
      const url = mesh.urlOf(target);
      assert.equal(await statusOf(pods.sleep, url), 200);
      assert.equal(await statusOf(pods.notsleep, url), 403);
    }
    const url = mesh.urlOf(pods.httpbin);
    assert.equal(await statusOf(pods.loner, url), 403);
  });
});

workloadTest("headers make nobody another at it", async (shared) => {
  const mesh = await shared.run("hairpin");
  const policy = waypointPolicy("allow-sleep", {
    rules: [{
      from: [{ source: { principals: ["cluster.local/ns/default/sa/sleep"] } }],
    }],
  });
  const headers = {
    "x-hairpin-source": "spiffe://cluster.local/ns/default/sa/sleep",
    forwarded: `for="${mesh.pods.sleep.ips[0]}:4711"`,
  };
  await mesh.under("policy-workload", policy, async () => {
    for (const to of ["waypoint", "httpbin"] as const) {
      const certificate = { serviceAccount: "notsleep" };
      const tunnel = { certificate, authority: atPod(mesh), headers, to };
      const [answer] = await askInTunnel(mesh, ["/"], tunnel);
      assert.equal(answerOf(answer), 403);
    }
  });
});

workloadTest(
  "a waypoint for all stands before the pod and its service",
  async (shared) => {
    const mesh = await shared.run("reject");
    const { lab, pods, services } = mesh;
    await mesh.change(
      "for all",
      () => lab.apply("gateway", gateway("waypoint", { waypointFor: "all" })),
    );
    await mesh.labelled(services.httpbin, USE_WAYPOINT, async () => {
      for (const host of [podIp(mesh), services.httpbin.vips[0]]) {
        assert.equal(wayOf(await byCurl(mesh, pods.sleep, host)), "round");
      }
      const outside = await byCurl(mesh, lab.outsider, podIp(mesh));
      assert.equal(wayOf(outside), "refused");
    });
  },
);
