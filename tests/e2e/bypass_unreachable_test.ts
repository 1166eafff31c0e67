/** A waypoint that cannot be reached, or that nobody knows, lets nobody past: it fails closed. */
import assert from "node:assert/strict";
import { podAddresses } from "../lab/addresses.ts";
import { type Answers, byCurl, wayOf } from "./bypass_callers.ts";
import { AccessTail, Growth } from "./calls.ts";
import { authorizationPolicy } from "./policy_support.ts";
import { startImpostor } from "./security_certificates.ts";
import { issue, writeCertificate } from "./security_support.ts";
import { share } from "./share.ts";
import { gateway, WaypointMesh, waypointPod } from "./waypoint_support.ts";

const UNREACHABLE = "hairpin_waypoint_unreachable_total";
const unreachableTest = share(() => WaypointMesh.start());

const byVip = (mesh: WaypointMesh): Promise<Answers> =>
  byCurl(mesh, mesh.pods.sleep, mesh.services.httpbin.vips[0]);
const byPodIp = (mesh: WaypointMesh): Promise<Answers> =>
  byCurl(mesh, mesh.pods.sleep, mesh.pods.httpbin.ips[0] ?? "");
const inPlaintext = (mesh: WaypointMesh): Promise<Answers> =>
  byCurl(mesh, mesh.lab.outsider, mesh.pods.httpbin.ips[0] ?? "");
const fromBeside = (mesh: WaypointMesh): Promise<Answers> =>
  byCurl(mesh, mesh.pods.neighbour, mesh.pods.httpbin.ips[0] ?? "");

/** The way of a call by VIP, and of three by pod IP. */
async function ways(mesh: WaypointMesh) {
  const asks = [byVip, byPodIp, inPlaintext, fromBeside];
  const answers = await Promise.all(asks.map((ask) => ask(mesh)));
  return answers.map(wayOf);
}

const ALL_REFUSED = ["refused", "refused", "refused", "refused"];

/** The address of the mesh's third pod. */
const AT_BYSTANDER = {
  addresses: [{ type: "IPAddress", value: podAddresses(1, 2)[0] }],
};

/** Waypoints that stand in front of the service by name and are not there. */
const NOWHERE: readonly (readonly [
  title: string,
  name: string,
  objects: readonly object[],
])[] = [
  ["a Gateway that does not exist", "ghost", []],
  ["a Gateway without address and pods", "empty", [gateway("empty")]],
  ["a Gateway that does not allow its namespace", "closed", [
    gateway("closed", {
      spec: {
        listeners: [{
          ...{ name: "mesh", port: 15_008, protocol: "HBONE" },
          allowedRoutes: { namespaces: { from: "None" } },
        }],
      },
    }),
  ]],
  ["a Gateway whose host name nobody serves", "astray", [
    gateway("astray", {
      spec: {
        addresses: [{
          type: "Hostname",
          value: "nowhere.default.svc.cluster.local",
        }],
      },
    }),
  ]],
  ["a Gateway whose address nobody has", "vacant", [
    gateway("vacant", {
      spec: { addresses: [{ type: "IPAddress", value: "10.96.0.250" }] },
    }),
  ]],
  ["a Gateway whose address is that of a pod without a tunnel", "mistaken", [
    gateway("mistaken", { spec: AT_BYSTANDER }),
  ]],
];

for (const [title, name, objects] of NOWHERE) {
  unreachableTest(`nobody gets past ${title}`, async (mesh) => {
    const { httpbin } = mesh.services;
    const use = { "istio.io/use-waypoint": name };
    const body = () =>
      mesh.labelled(httpbin, use, async () => {
        const growth = await Growth.watch(mesh.server);
        assert.deepEqual(await ways(mesh), ALL_REFUSED);
        // Three callers by pod IP, two requests each.
        await growth.until(UNREACHABLE, { outcome: "closed" }, 6);
      });
    const [object] = objects;
    if (object === undefined) await body();
    else await mesh.under(`gateway-${name}`, object, body);
    assert.equal(wayOf(await byPodIp(mesh)), "round");
  });
}

unreachableTest(
  "nobody gets past a Gateway that is withdrawn",
  async (mesh) => {
    const { lab } = mesh;
    await mesh.change("no Gateway", () => lab.delete("gateway"));
    assert.deepEqual(await ways(mesh), ALL_REFUSED);
    await mesh.change(
      "Gateway",
      () => lab.apply("gateway", gateway("waypoint")),
    );
    assert.equal(wayOf(await byPodIp(mesh)), "round");
  },
);

unreachableTest(
  "nobody gets past a waypoint whose pod has gone",
  async (mesh) => {
    const { httpbin } = mesh.services;
    const { lab } = mesh;
    const use = { "istio.io/use-waypoint": "brief" };
    await mesh.under("gateway-brief", gateway("brief"), async () => {
      await mesh.change("a pod", async () => {
        await lab.addPod(waypointPod("brief", "node-1"));
      });
      await mesh.labelled(httpbin, use, async () => {
        assert.deepEqual(await ways(mesh), ALL_REFUSED);
        const pod = lab.pod("brief");
        await mesh.change("no pod", () => lab.removePod(pod));
        assert.deepEqual(await ways(mesh), ALL_REFUSED);
      });
    });
  },
);

unreachableTest(
  "a waypoint that is not ready is the way all the same, or none",
  async (mesh) => {
    const { lab, pods } = mesh;
    const waypoint = lab.pod("waypoint");
    assert.equal(waypoint.uid, pods.waypoint.uid);
    await mesh.change(
      "not ready",
      () => lab.applyPod({ ...waypoint, ready: false }),
    );
    const seen = await ways(mesh);
    await mesh.change("ready", () => lab.applyPod(waypoint));
    assert.ok(!seen.includes("straight"), seen.join(" "));
    // All by the same rule, whatever it is.
    assert.equal(new Set(seen).size, 1, seen.join(" "));
  },
);

unreachableTest(
  "a server that is not ready is behind its waypoint all the same",
  async (mesh) => {
    const { lab, pods } = mesh;
    await mesh.change(
      "not ready",
      () => lab.applyPod({ ...pods.httpbin, ready: false }),
    );
    const seen = [await inPlaintext(mesh), await byPodIp(mesh)];
    await mesh.change("ready", () => lab.applyPod(pods.httpbin));
    for (const [, secret] of seen) assert.equal(secret, 403);
  },
);

unreachableTest("nobody gets past a waypoint that is stopped", async (mesh) => {
  await mesh.stopWaypoint();
  const growth = await Growth.watch(mesh.server);
  const tail = new AccessTail(mesh.server);
  assert.deepEqual(await ways(mesh), ALL_REFUSED);
  await growth.until(UNREACHABLE, { outcome: "closed" }, 6);
  assert.equal(await growth.of(UNREACHABLE, { outcome: "open" }), 0);
  const { fields } = await tail.until({ "waypoint.bypass": "hairpin" });
  assert.match(fields["error"] ?? "", /waypoint/);
  await mesh.startWaypoint();
  assert.equal(wayOf(await byPodIp(mesh)), "round");
});

unreachableTest(
  "nobody gets past a waypoint whose place an impostor has taken",
  async (mesh) => {
    const { lab, pods, services } = mesh;
    assert.equal(pods.bystander.ips[0], AT_BYSTANDER.addresses[0]?.value);
    const certificate = await issue(lab, { serviceAccount: "httpbin" });
    const files = await writeCertificate(lab, certificate);
    const impostor = await startImpostor(lab, pods.bystander, files);
    const object = gateway("taken", { spec: AT_BYSTANDER });
    const use = { "istio.io/use-waypoint": "taken" };
    await mesh.under(
      "gateway-taken",
      object,
      () =>
        mesh.labelled(services.httpbin, use, async () => {
          assert.deepEqual(await ways(mesh), ALL_REFUSED);
          // Not even a request for a tunnel was said to it.
          assert.doesNotMatch(impostor.log(), /PRI \*/);
        }),
    );
    await impostor.stop();
  },
);

// From here on the servers' node lets connections past a waypoint that is not there.
const OPEN = ["--waypoint-unreachable", "open"];

unreachableTest(
  "open: a stopped waypoint is passed by those at the pod, and counted",
  async (mesh) => {
    await mesh.restartServer(OPEN);
    assert.equal(wayOf(await byPodIp(mesh)), "round");
    await mesh.stopWaypoint();
    const growth = await Growth.watch(mesh.server);
    const seen = await ways(mesh);
    assert.deepEqual(seen, ["refused", "straight", "straight", "straight"]);
    await growth.until(UNREACHABLE, { outcome: "open" }, 6);
    assert.equal(await growth.of(UNREACHABLE, { outcome: "closed" }), 0);
  },
);

unreachableTest("open: policies at the node hold", async (mesh) => {
  const policy = authorizationPolicy("l4-deny", {
    selector: { matchLabels: { app: "httpbin" } },
    action: "DENY",
    rules: [{
      from: [{ source: { principals: ["cluster.local/ns/default/sa/sleep"] } }],
    }],
  });
  await mesh.under("policy-l4", policy, async () => {
    assert.equal(wayOf(await byPodIp(mesh)), "refused");
    assert.equal(wayOf(await inPlaintext(mesh)), "straight");
  });
});

unreachableTest(
  "open: a waypoint that answers no is there, and nobody gets past it",
  async (mesh) => {
    const { lab, pods } = mesh;
    // A waypoint that has not heard of what it fronts.
    const stale = `${lab.folder}/stale`;
    await Deno.mkdir(stale);
    for await (const { name } of Deno.readDir(lab.configFolder)) {
      if (name.startsWith("service-")) continue;
      await Deno.copyFile(`${lab.configFolder}/${name}`, `${stale}/${name}`);
    }
    const waypoint = await lab.startHairpin(pods.waypoint, {
      gateway: "default/waypoint",
      name: "waypoint-stale",
      flags: ["--config", stale],
    });
    try {
      const growth = await Growth.watch(mesh.server);
      assert.deepEqual(await ways(mesh), ALL_REFUSED);
      await growth.until(UNREACHABLE, { outcome: "closed" }, 6);
    } finally {
      await waypoint.stop();
    }
  },
);
