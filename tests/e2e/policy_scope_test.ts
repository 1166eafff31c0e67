/** Where a policy holds: by its namespace and selector, and by the level of a PeerAuthentication. */
import assert from "node:assert/strict";
import { stringify } from "yaml";
import { type LabPod, startHttpServer } from "../lab/mod.ts";
import {
  authorizationPolicy,
  enforce,
  isAnswered,
  peerAuthentication,
} from "./policy_support.ts";
import { type Mesh, shareMesh } from "./support.ts";

const ROOT = "istio-system";

/** The servers: `httpbin` and `echo` of namespace default, `other` of namespace other. */
const TARGETS = ["httpbin", "echo", "other"] as const;
type Target = typeof TARGETS[number];

const meshTest = shareMesh();
let other: LabPod;

meshTest("without a policy every server is open to everybody", async (mesh) => {
  const { lab, httpbin, echo } = mesh;
  const spec = { name: "other", namespace: "other", node: "node-2" };
  other = await lab.addPod(spec);
  await startHttpServer(lab, other);
  await startHttpServer(lab, echo);
  await startHttpServer(lab, httpbin, 8080);
  await mesh.server.untilPodUp(other);
  assert.deepEqual(await closedServers(mesh), []);
  assert.deepEqual(await openToOutsider(mesh), ALL_OPEN);
});

const selecting = (app: string) => ({
  selector: { matchLabels: { app } },
});

const SCOPES: readonly [
  title: string,
  namespace: string,
  spec: object,
  closed: readonly Target[],
][] = [
  ["of a namespace holds in that namespace", "default", {}, [
    "httpbin",
    "echo",
  ]],
  ["of another namespace holds there alone", "other", {}, ["other"]],
  ["of the root namespace holds everywhere", ROOT, {}, TARGETS],
  ["with a selector holds for those pods", "default", selecting("httpbin"), [
    "httpbin",
  ]],
  [
    "with a selector holds for no pod of other namespaces",
    "default",
    selecting("other"),
    [],
  ],
  ["of the root namespace with a selector holds everywhere", ROOT, {
    ...selecting("other"),
  }, ["other"]],
  ["with an empty selector holds in its namespace", "default", {
    selector: {},
  }, ["httpbin", "echo"]],
];

for (const [at, [title, namespace, spec, closed]] of SCOPES.entries()) {
  meshTest(`a policy ${title}`, async (mesh) => {
    const denyAll = { action: "DENY", rules: [{}], ...spec };
    const policy = authorizationPolicy(`scope-${at}`, denyAll, { namespace });
    await enforce(mesh, [policy], async () => {
      assert.deepEqual(await closedServers(mesh), [...closed]);
    });
  });
}

meshTest("a policy for a waypoint holds for no pod", async (mesh) => {
  const group = "gateway.networking.k8s.io";
  const targetRefs = [{ kind: "Gateway", group, name: "waypoint" }];
  const denyAll = { action: "DENY", rules: [{}] };
  const name = "of-waypoint";
  const policy = authorizationPolicy(name, { ...denyAll, targetRefs });
  await mesh.lab.apply(name, policy);
  try {
    // A node proxy does not show it; this one, read with it, shows that it is known.
    const witness = { ...denyAll, ...selecting("nobody") };
    await enforce(
      mesh,
      [authorizationPolicy("witness", witness)],
      async () => assert.deepEqual(await closedServers(mesh), []),
    );
  } finally {
    await mesh.lab.delete(name);
  }
});

/** Whether the outsider is answered: what PeerAuthentication is about. */
interface Openness {
  readonly httpbin8000: boolean;
  readonly httpbin8080: boolean;
  readonly echo: boolean;
}

const ALL_OPEN = { httpbin8000: true, httpbin8080: true, echo: true };
const ALL_CLOSED = { httpbin8000: false, httpbin8080: false, echo: false };

const strict = { mtls: { mode: "STRICT" } };
const permissive = { mtls: { mode: "PERMISSIVE" } };
const onPort8080 = (mode: string) => ({
  portLevelMtls: { "8080": { mode } },
});
const meshWide = (spec: object) => peerAuthentication("mesh", ROOT, spec);
const ofNamespace = (spec: object) => peerAuthentication("ns", "default", spec);
const ofHttpbin = (spec: object) =>
  peerAuthentication("pod", "default", { ...selecting("httpbin"), ...spec });

const LEVELS: readonly [title: string, objects: object[], Openness][] = [
  ["STRICT for the mesh", [meshWide(strict)], ALL_CLOSED],
  ["PERMISSIVE for the mesh", [meshWide(permissive)], ALL_OPEN],
  ["STRICT for a namespace", [ofNamespace(strict)], ALL_CLOSED],
  ["STRICT for a workload", [ofHttpbin(strict)], {
    ...ALL_CLOSED,
    echo: true,
  }],
  ["a namespace's PERMISSIVE outranks the mesh's STRICT", [
    meshWide(strict),
    ofNamespace(permissive),
  ], ALL_OPEN],
  ["a workload's PERMISSIVE outranks its namespace's STRICT", [
    ofNamespace(strict),
    ofHttpbin(permissive),
  ], { ...ALL_OPEN, echo: false }],
  ["a port is excepted from a workload's STRICT", [
    ofHttpbin({ ...strict, ...onPort8080("PERMISSIVE") }),
  ], { httpbin8000: false, httpbin8080: true, echo: true }],
  ["a port is excepted from the mesh's STRICT", [
    meshWide(strict),
    ofHttpbin(onPort8080("DISABLE")),
  ], { httpbin8000: false, httpbin8080: true, echo: false }],
  ["a port is STRICT where the workload is PERMISSIVE", [
    ofHttpbin({ ...permissive, ...onPort8080("STRICT") }),
  ], { httpbin8000: true, httpbin8080: false, echo: true }],
];

for (const [title, objects, expected] of LEVELS) {
  meshTest(`PeerAuthentication: ${title}`, async (mesh) => {
    const manifest = objects.map((o) => stringify(o)).join("---\n");
    await mesh.withPolicy("peer-authentication", manifest, async () => {
      assert.deepEqual(await openToOutsider(mesh), expected);
      // Whoever comes with a certificate is none of its business.
      assert.deepEqual(await closedServers(mesh), []);
    });
  });
}

async function closedServers(mesh: Mesh): Promise<Target[]> {
  const pods = { httpbin: mesh.httpbin, echo: mesh.echo, other };
  const open = await Promise.all(TARGETS.map(async (target) => {
    const url = mesh.urlOf(pods[target]);
    return isAnswered(await mesh.get(mesh.sleep, url));
  }));
  return TARGETS.filter((_, at) => !open[at]);
}

async function openToOutsider(mesh: Mesh): Promise<Openness> {
  const { httpbin, echo, lab } = mesh;
  const isOpen = async (url: string) =>
    isAnswered(await mesh.get(lab.outsider, url));
  const at8000 = mesh.urlOf(httpbin);
  const [httpbin8000, httpbin8080, ofEcho] = await Promise.all([
    isOpen(at8000),
    isOpen(at8000.replace(":8000/", ":8080/")),
    isOpen(mesh.urlOf(echo)),
  ]);
  return { httpbin8000, httpbin8080, echo: ofEcho };
}
