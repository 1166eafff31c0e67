/**
 * One mesh, told twice: by istiod over xDS, and by the translation of the very
 * objects that the Kubernetes API shows.
 */
import assert from "node:assert/strict";
import type { MeshStore } from "../../src/control/mesh_store.ts";
import { translate } from "../../src/kube/translate.ts";
import { isEqual } from "../../src/model/diff.ts";
import type { Followed } from "../control/xds/harness.ts";
import type { GatewayAddress } from "../../src/model/workload.ts";
import { parsed, type Raw } from "../kube/objects.ts";
import objects from "../kube/testdata/objects.json" with { type: "json" };
import {
  ControlPlane,
  controlPlaneSkipReason,
} from "../lab/control_plane/mod.ts";
import { followIstiod } from "./istiod_client.ts";

const skip = await controlPlaneSkipReason();
if (skip !== undefined) console.log(`tests with istiod are skipped: ${skip}`);

/** istiod writes nothing into these objects, so that what is read is what it reads. */
const KINDS = [
  "namespaces",
  "nodes",
  "pods",
  "services",
  "endpointslices.discovery.k8s.io",
  "gatewayclasses",
  "gateways.gateway.networking.k8s.io",
  "serviceentries",
  "workloadentries",
  "authorizationpolicies",
  "peerauthentications",
];

/** As long as istiod gathers changes, and more on a busy machine. */
const AGREEMENT_MS = 20_000;

/** What must be there for the API server to take a pod, and no more. */
function complete(object: Raw): Raw {
  if (object["kind"] !== "Pod") return object;
  const { spec, metadata, ...rest } = structuredClone(object) as {
    spec: { containers: Raw[] };
    metadata: { ownerReferences?: Raw[] };
  };
  const containers = spec.containers.map((c) => ({ image: "none", ...c }));
  const ownerReferences = (metadata.ownerReferences ?? [])
    .map((owner) => ({ uid: "owner", ...owner }));
  return {
    ...rest,
    spec: { ...spec, containers },
    metadata: { ...metadata, ownerReferences },
  };
}

/** Those that others stand on come first; the API server's own are its own. */
async function applyAll(plane: ControlPlane): Promise<void> {
  const first = ["Namespace", "Node", "GatewayClass", "Pod", "Service"];
  const rank = ({ kind }: Raw) => first.indexOf(String(kind)) >>> 0;
  const all = (objects as (Raw & { metadata: Raw })[])
    .filter(({ metadata }) => metadata["namespace"] !== "default")
    .map(complete).toSorted((a, b) => rank(a) - rank(b));
  for (const kind of new Set(all.map(rank))) {
    const some = all.filter((object) => rank(object) === kind);
    await plane.apply(...await withPodUids(plane, some));
  }
}

/** istiod knows the pods of an EndpointSlice by uid, which the API gives out. */
async function withPodUids(plane: ControlPlane, some: Raw[]): Promise<Raw[]> {
  if (!some.some(({ kind }) => kind === "EndpointSlice")) return some;
  const list = await plane.kubectl(["get", "pods", "-A", "-o", "json"]);
  const uids = new Map(
    (JSON.parse(list) as { items: { metadata: Record<string, string> }[] })
      .items.map(({ metadata: { namespace, name, uid } }) =>
        [`${namespace}/${name}`, uid] as const
      ),
  );
  return some.map((object) => {
    const copy = structuredClone(object) as Raw & {
      endpoints?: { targetRef?: Record<string, string | undefined> }[];
    };
    for (const { targetRef } of copy.endpoints ?? []) {
      if (targetRef === undefined) continue;
      targetRef["uid"] = uids.get(
        `${targetRef["namespace"]}/${targetRef["name"]}`,
      );
    }
    return copy;
  });
}

/** All objects of the mesh's kinds as the API shows them. */
async function readAll(plane: ControlPlane): Promise<Raw[]> {
  const text = await plane.kubectl(
    ["get", KINDS.join(","), "-A", "-o", "json"],
  );
  return (JSON.parse(text) as { items: Raw[] }).items;
}

/** In one order; clauses of a rule too, as all of them must hold. */
function inOrder(resources: Iterable<unknown>): string[] {
  return Array.from(resources, (one) => JSON.stringify(canonical(one))).sort();
}

function canonical(value: unknown, key = ""): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => canonical(item));
    return key !== "rules"
      ? items
      : items.map((rule) => inOrder(rule as unknown[]));
  }
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value)
    .map(([key, item]) => [key, canonical(item, key)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => a < b ? -1 : 1));
}

const told = ({ mesh }: MeshStore) => ({
  workloads: inOrder(mesh.workloads.values()),
  services: inOrder(mesh.services.values()),
  policies: inOrder(mesh.policies.values()),
});

/** A waypoint that cannot be used is none to istiod, and closes its target here. */
function opened<T extends { readonly waypoint?: GatewayAddress }>(one: T) {
  const { waypoint, ...rest } = one;
  const host = waypoint?.destination.kind === "hostname"
    ? waypoint.destination.hostname
    : "";
  return host.endsWith(".waypoint.invalid") ? rest : one;
}

async function translated(plane: ControlPlane) {
  const { workloads, services, policies } = translate(
    parsed(...await readAll(plane)),
  );
  return {
    workloads: inOrder(workloads.map(opened)),
    services: inOrder(services.map(opened)),
    policies: inOrder(policies),
  };
}

/** Waits until both tell the same, or shows how they differ. */
async function agree(plane: ControlPlane, { store }: Followed): Promise<void> {
  const deadline = performance.now() + AGREEMENT_MS;
  const wanted = await translated(plane);
  while (!isEqual(told(store), wanted) && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.deepEqual(told(store), wanted);
}

Deno.test({
  name: "istiod tells of a mesh what the translation of its objects tells",
  ignore: skip !== undefined,
  fn: async (t) => {
    await using plane = await ControlPlane.start({
      istiodEnv: { AMBIENT_ENABLE_DRY_RUN_AUTHORIZATION_POLICY: "true" },
    });
    const proxy = await plane.addNode("node-of-proxy", "10.77.1.2");
    await using followed = followIstiod(proxy);
    await followed.client.synced;
    await t.step("when there are all kinds of objects", async () => {
      await applyAll(plane);
      await agree(plane, followed);
      assert.ok(followed.store.mesh.workloads.size > 10);
      assert.ok(followed.store.mesh.services.size > 10);
      assert.ok(followed.store.mesh.policies.size > 5);
    });
    await t.step("to a client that comes later", async () => {
      await using late = followIstiod(proxy);
      await late.client.synced;
      assert.deepEqual(told(late.store), told(followed.store));
    });
    await t.step("when everything is gone again", async () => {
      const namespaced = KINDS.slice(2).filter((kind) => !/class/.test(kind));
      for (const namespace of ["shop", "other", "istio-system"]) {
        await plane.kubectl([
          ...["delete", namespaced.join(","), "--all", "-n", namespace],
          ...["--grace-period=0", "--force"],
        ]);
      }
      await agree(plane, followed);
      assert.equal(followed.store.mesh.policies.size, 0);
    });
  },
});
