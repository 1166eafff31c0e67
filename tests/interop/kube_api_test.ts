/** The following of objects, against a real API server. */
import assert from "node:assert/strict";
import {
  type ClusterAccess,
  followKubeApi,
  type KubeApi,
  KubeClient,
  type KubeFollowing,
  readKubeconfig,
} from "../../src/control/kube_api/mod.ts";
import { systemClock } from "../../src/control/system_clock.ts";
import type { Kind, KubeObject } from "../../src/kube/mod.ts";
import { kubeScopes } from "../../src/modes/kube_scopes.ts";
import {
  ControlPlane,
  controlPlaneSkipReason,
} from "../lab/control_plane/mod.ts";
import { SAMPLE_NAMESPACE, SAMPLES } from "./support/kube_samples.ts";

const skip = await controlPlaneSkipReason();
if (skip !== undefined) {
  console.log(`tests of the Kubernetes API are skipped: ${skip}`);
}

let plane: ControlPlane;
if (skip === undefined) {
  Deno.test.beforeAll(async () => {
    plane = await ControlPlane.start({ istiod: false });
    await plane.addNamespace(SAMPLE_NAMESPACE);
  });
  Deno.test.afterAll(() => plane[Symbol.asyncDispose]());
}
const kubeTest = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name, ignore: skip !== undefined, fn });

const SCOPES = kubeScopes({
  mode: "waypoint",
  gateway: { namespace: "n", name: "g" },
  nodeName: "",
  xds: undefined,
});

/** Delays pass twenty times as fast, so that what waits for a minute can be tested. */
const fastClock = {
  nowMs: () => Date.now() * 20,
  setTimer: (delayMs: number, fire: () => void) =>
    systemClock.setTimer(delayMs / 20, fire),
};

const WAIT_MS = 60_000;

/** What hairpin knows of the API server. */
class Follower implements AsyncDisposable {
  readonly #ending = new AbortController();
  readonly #client: KubeClient;
  readonly following: KubeFollowing;
  readonly logs: string[] = [];
  objects: readonly KubeObject[] = [];
  updates = 0;

  constructor(
    access: ClusterAccess,
    { scopes = SCOPES, wrap = (api: KubeApi): KubeApi => api } = {},
  ) {
    this.#client = new KubeClient({ access, clock: systemClock });
    const say = (message: string, fields?: object) =>
      void this.logs.push(`${message} ${JSON.stringify(fields)}`);
    const log = {
      ...{ error: say, warn: say, info: say, debug() {}, trace() {} },
      enabled: () => true,
      within: () => log,
    };
    this.following = followKubeApi({
      api: wrap(this.#client),
      scopes,
      clock: fastClock,
      random: Math.random,
      log,
      counters: { failed() {}, rejected() {} },
      onUpdate: (objects) => {
        this.objects = objects;
        this.updates++;
      },
      signal: this.#ending.signal,
    });
  }

  find(kind: Kind, name: string): KubeObject | undefined {
    return this.objects.find((object) =>
      object.kind === kind && object.metadata.name === name
    );
  }

  async until(what: string, test: () => boolean): Promise<void> {
    const deadline = Date.now() + WAIT_MS;
    while (!test()) {
      if (Date.now() > deadline) {
        const errors = this.following.errors().join("; ");
        throw new Error(`not in time: ${what} (${errors})`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.following.done;
    this.#client[Symbol.dispose]();
  }
}

const admin = async () =>
  readKubeconfig(
    await Deno.readTextFile(plane.kubeconfig),
    plane.kubeconfig,
  );

kubeTest("every kind appears, changes and goes", async () => {
  await using follower = new Follower(await admin());
  await follower.following.synced;
  assert.deepEqual(follower.following.errors(), []);
  const created = SAMPLES.filter(({ subresource }) =>
    subresource === undefined
  );
  await plane.apply(...created.map(({ object }) => object));
  for (const { kind, object } of created) {
    const { metadata: { name } } = object as { metadata: { name: string } };
    await follower.until(`${kind} is there`, () => !!follower.find(kind, name));
  }
  for (const { kind, plural, object, patch, subresource } of SAMPLES) {
    const { metadata: { name } } = object as { metadata: { name: string } };
    const before = follower.find(kind, name);
    await plane.kubectl([
      ...["patch", plural, name, "-n", SAMPLE_NAMESPACE, "--type=merge"],
      ...["-p", JSON.stringify(patch)],
      ...subresource === undefined ? [] : [`--subresource=${subresource}`],
    ]);
    await follower.until(
      `${kind} has changed`,
      () => follower.find(kind, name) !== before,
    );
  }
  for (const { kind, plural, object } of created.toReversed()) {
    if (kind === "Namespace") continue; // Nobody here ends one.
    const { metadata: { name } } = object as { metadata: { name: string } };
    await plane.delete(plural, name, SAMPLE_NAMESPACE);
    await follower.until(`${kind} is gone`, () => !follower.find(kind, name));
  }
  assert.deepEqual(follower.following.errors(), []);
});

const serviceObject = (name: string, more: object = {}) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: SAMPLE_NAMESPACE },
  spec: { ports: [{ port: 80 }], ...more },
});

kubeTest(
  "a kind that is installed later is followed from then on",
  async () => {
    const crd = "tlsroutes.gateway.networking.k8s.io";
    const definition = await plane.get<{ metadata: object }>("crd", crd);
    await plane.delete("crd", crd);
    await using follower = new Follower(await admin());
    await follower.following.synced;
    const named = follower.logs.filter((line) => line.includes("TLSRoute"));
    assert.equal(named.length, 1);
    assert.match(named[0]!, /not in this cluster/);
    await plane.kubectl(
      ["create", "-f", "-"],
      JSON.stringify({
        ...definition,
        metadata: { name: crd, annotations: annotationsOf(definition) },
        status: undefined,
      }),
    );
    await plane.kubectl(["wait", "--for=condition=established", `crd/${crd}`]);
    const sample = SAMPLES.find(({ kind }) => kind === "TLSRoute")!;
    await plane.apply(sample.object);
    await follower.until(
      "the route is there",
      () => !!follower.find("TLSRoute", "sample"),
    );
    await plane.delete(sample.plural, "sample", SAMPLE_NAMESPACE);
  },
);

/** Without it the API server refuses definitions of that group. */
function annotationsOf({ metadata }: { metadata: object }): object {
  return (metadata as { annotations?: object }).annotations ?? {};
}

kubeTest(
  "a right that is missing is named, and its grant noticed",
  async () => {
    await plane.apply({
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "reader", namespace: SAMPLE_NAMESPACE },
    });
    const token = await plane.kubectl(
      ["create", "token", "reader", "-n", SAMPLE_NAMESPACE, "--duration=1h"],
    );
    await using follower = new Follower({
      ...await admin(),
      token: { kind: "inline", text: token },
    }, { scopes: [{ kind: "Service" }, { kind: "Gateway" }] });
    await follower.until(
      "both are refused",
      () => follower.following.errors().length === 2,
    );
    const [ofService, ofGateway] = follower.following.errors();
    assert.match(
      ofService!,
      /^Cannot list "services": 403, this account lacks the right to list services: .*reader/,
    );
    assert.match(
      ofGateway!,
      /^Cannot list "gateways.gateway.networking.k8s.io": 403/,
    );
    assert.equal(follower.updates, 0);
    await plane.apply({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "reader" },
      rules: [{
        apiGroups: ["", "gateway.networking.k8s.io"],
        resources: ["services", "gateways"],
        verbs: ["list", "watch"],
      }],
    }, {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "reader" },
      roleRef: {
        apiGroup: "rbac.authorization.k8s.io",
        kind: "ClusterRole",
        name: "reader",
      },
      subjects: [{
        kind: "ServiceAccount",
        name: "reader",
        namespace: SAMPLE_NAMESPACE,
      }],
    });
    await follower.following.synced;
    assert.deepEqual(follower.following.errors(), []);
  },
);

kubeTest(
  "an API server that is killed and comes back is followed on",
  async () => {
    let forget = false;
    await using follower = new Follower(await admin(), {
      wrap: (api) => ({
        json: (request, signal) => api.json(request, signal),
        // From version 1, which a server that starts anew has forgotten.
        watch(request, lastsMs, signal) {
          if (!forget) return api.watch(request, lastsMs, signal);
          const path = request.path.replace(/resourceVersion=\d+/, FIRST);
          return api.watch({ ...request, path }, lastsMs, signal);
        },
      }),
    });
    await follower.following.synced;
    await plane.apply(serviceObject("before"));
    await follower.until("before", () => !!follower.find("Service", "before"));
    await plane.stopApi();
    await follower.until(
      "the loss is noticed",
      () => follower.following.errors().length === SCOPES.length,
    );
    assert(follower.find("Service", "before"));
    forget = true;
    await plane.startApi();
    await plane.delete("service", "before", SAMPLE_NAMESPACE);
    await follower.until(
      "the server says 410",
      () =>
        follower.logs.some((line) => line.includes("too old resource version")),
    );
    await plane.apply(serviceObject("after"));
    await follower.until(
      "the new lists are there",
      () =>
        !!follower.find("Service", "after") &&
        !follower.find("Service", "before"),
    );
    forget = false;
    await follower.until(
      "nothing is wrong",
      () => follower.following.errors().length === 0,
    );
    await plane.delete("service", "after", SAMPLE_NAMESPACE);
    await follower.until(
      "the watches run",
      () => !follower.find("Service", "after"),
    );
  },
);

const FIRST = "resourceVersion=1";
