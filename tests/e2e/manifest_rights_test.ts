/**
 * hairpin with the rights and capabilities of its manifests, against a real API
 * server that keeps an audit log: every right is used, nothing else is asked
 * for, and whatever is not granted is missed.
 */
import assert from "node:assert/strict";
import {
  ControlPlane,
  controlPlaneSkipReason,
  type NodeProxy,
} from "../lab/control_plane/mod.ts";
import { Lab, type LabPod, labSkipReason } from "../lab/mod.ts";
import { fronted } from "../support/manifests.ts";
import {
  type Account,
  missedRights,
  programWith,
  refusedRequests,
  type RightsCase,
} from "./manifest_rights.ts";

const skip = await labSkipReason() ?? await controlPlaneSkipReason();
if (skip !== undefined) {
  console.log(`tests of the manifests' rights are skipped: ${skip}`);
}

const GATEWAY_API = "gateway.networking.k8s.io";
const ROUTES = {
  HTTPRoute: { version: "v1", port: 8000 },
  GRPCRoute: { version: "v1", port: 8000 },
  TCPRoute: { version: "v1alpha2", port: 9000 },
  TLSRoute: { version: "v1", port: 9001 },
} as const;
const CLASS = {
  apiVersion: `${GATEWAY_API}/v1`,
  kind: "GatewayClass",
  metadata: { name: "hairpin-waypoint" },
  spec: { controllerName: "hairpin.dev/waypoint" },
};
const WAYPOINT = { name: "waypoint", namespace: "default" };

let lab: Lab;
let plane: ControlPlane;
let waypoint: LabPod;
let node: NodeProxy;
/** A proc file system without a process in it. */
let proc: string;
if (skip === undefined) {
  Deno.test.beforeAll(async () => {
    lab = await Lab.create();
    proc = await Deno.makeTempDir({ prefix: "hairpin-proc-" });
    plane = await ControlPlane.start({ lab, audit: true });
    await plane.addNamespace("default");
    node = await plane.addNode("node-1", lab.node("node-1").ips[0]!);
    await addPods();
    await addService();
  });
  Deno.test.afterAll(async () => {
    await plane[Symbol.asyncDispose]();
    await lab[Symbol.asyncDispose]();
    await Deno.remove(proc, { recursive: true });
  });
}

async function addPods(): Promise<void> {
  const labels = {
    [`${GATEWAY_API}/gateway-name`]: "waypoint",
    "istio.io/dataplane-mode": "none",
  };
  waypoint = await lab.addPod({ name: "waypoint", node: "node-2", labels });
  const { ips } = waypoint;
  await plane.addPod({ name: "waypoint", node: "node-2", ips, labels });
  // No process of it will be found, which is to be written.
  await plane.addPod({
    ...{ name: "lost", node: "node-1", ips: ["10.9.9.9"] },
    annotations: {},
  });
}

const addService = () =>
  plane.apply(fronted({ http: 8000, "tcp-echo": 9000, tls: 9001 }));

/** Objects of every kind that has a status, without one; the Gateway has an address, as services wait for that. */
async function renewStatuses(): Promise<void> {
  const kinds = ["gatewayclass", "gateway", ...Object.keys(ROUTES)];
  const gateway = {
    apiVersion: `${GATEWAY_API}/v1`,
    kind: "Gateway",
    metadata: {
      name: "waypoint",
      namespace: "default",
      labels: { "istio.io/waypoint-for": "service" },
    },
    spec: {
      gatewayClassName: CLASS.metadata.name,
      listeners: [{ name: "mesh", port: 15008, protocol: "HBONE" }],
    },
    status: {
      addresses: [{
        type: "Hostname",
        value: "waypoint.default.svc.cluster.local",
      }],
    },
  };
  await plane.kubectl([
    ...["delete", "-n", "default", "--all", "--ignore-not-found"],
    kinds.filter((kind) => kind !== "gatewayclass").join(","),
  ]);
  await plane.delete("gatewayclass", CLASS.metadata.name);
  await plane.apply(CLASS, gateway, ...routes());
}

const routes = () =>
  Object.entries(ROUTES).map(([kind, { version, port }]) => ({
    apiVersion: `${GATEWAY_API}/${version}`,
    kind,
    metadata: { name: "sample", namespace: "default" },
    spec: {
      ...kind === "TLSRoute" && { hostnames: ["a.example"] },
      parentRefs: [{ group: "", kind: "Service", name: "httpbin", port }],
      rules: [{ backendRefs: [{ name: "httpbin", port }] }],
    },
  }));

/** Forgets what was said of the pod. */
async function renewPod(): Promise<void> {
  const mark = "ambient.istio.io/redirection-";
  await plane.kubectl(["annotate", "pod", "lost", mark]);
}

const startNode: RightsCase["start"] = (kubeconfig, caps) =>
  lab.startHairpin(lab.node("node-1"), {
    kubeconfig,
    notReady: true,
    program: programWith(caps),
    flags: ["--host-proc", proc],
  });

const startIstiodNode: RightsCase["start"] = (kubeconfig, caps) =>
  lab.startHairpin(lab.node("node-1"), {
    kubeconfig,
    notReady: true,
    program: programWith(caps),
    flags: ["--host-proc", proc],
    env: node.env,
  });

const startWaypoint: RightsCase["start"] = (kubeconfig, caps) =>
  lab.startHairpin(waypoint, {
    kubeconfig,
    notReady: true,
    gateway: "default/waypoint",
    program: programWith(caps),
  });

/** As the manifest's pod would, by istiod's own token. */
const startIstiodWaypoint: RightsCase["start"] = async (kubeconfig, caps) =>
  lab.startHairpin(waypoint, {
    kubeconfig,
    notReady: true,
    gateway: "default/waypoint",
    program: programWith(caps),
    env: {
      ...node.env,
      AUTH_TOKEN: await istiodToken(),
      POD_NAME: "waypoint",
      POD_NAMESPACE: "default",
      SERVICE_ACCOUNT: "waypoint",
      INSTANCE_IP: waypoint.ips[0]!,
    },
  });

async function istiodToken(): Promise<string> {
  const { name, namespace } = WAYPOINT;
  return (await plane.kubectl([
    ...["create", "token", name, "-n", namespace, "--audience", "istio-ca"],
  ])).trim();
}

const rows: [
  name: string,
  account: Account,
  run: Pick<RightsCase, "folder" | "prepare" | "start">,
][] = [
  ["a node alone", { name: "hairpin", namespace: "istio-system" }, {
    folder: "alone",
    prepare: renewPod,
    start: startNode,
  }],
  [
    "a node under istiod that enrols pods itself",
    { name: "ztunnel", namespace: "istio-system" },
    { folder: "istio_self", prepare: renewPod, start: startIstiodNode },
  ],
  ["a waypoint under istiod", WAYPOINT, {
    folder: "waypoint",
    prepare: renewStatuses,
    start: startIstiodWaypoint,
  }],
  ["a waypoint alone", WAYPOINT, {
    folder: "waypoint_alone",
    prepare: renewStatuses,
    start: startWaypoint,
  }],
];

for (const [name, account, run] of rows) {
  Deno.test({
    name: `each right of ${name} is missed where it is not granted`,
    ignore: skip !== undefined,
    async fn() {
      const test = { plane, account, ...run };
      const { rights, missed } = await missedRights(test);
      assert.deepEqual(new Set(missed), new Set(rights));
    },
  });
  Deno.test({
    name: `each right of ${name} is used, and nothing is refused`,
    ignore: skip !== undefined,
    async fn() {
      assert.deepEqual(await refusedRequests({ plane, account, ...run }), []);
    },
  });
}
