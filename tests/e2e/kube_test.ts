/** Nodes and a waypoint that take all of the mesh from a Kubernetes API. */
import assert from "node:assert/strict";
import { controlPlaneSkipReason } from "../lab/control_plane/mod.ts";
import { labSkipReason } from "../lab/mod.ts";
import { ECHO_PORT, HTTP_PORT, KubeMesh } from "./kube_mesh.ts";
import { SteadyTraffic } from "./steady.ts";
import { eventually } from "./support.ts";

const skip = await labSkipReason() ?? await controlPlaneSkipReason();
if (skip !== undefined) {
  console.log(`tests of a mesh by the Kubernetes API are skipped: ${skip}`);
}

let mesh: KubeMesh;
if (skip === undefined) {
  Deno.test.beforeAll(async () => {
    mesh = await KubeMesh.start();
  });
  Deno.test.afterAll(() => mesh[Symbol.asyncDispose]());
}
const kubeTest = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name, ignore: skip !== undefined, fn });

const GATEWAY_API = "gateway.networking.k8s.io";
const SERVICE = { group: "", kind: "Service", name: "httpbin" };

const denial = (name: string, path: string) => ({
  apiVersion: "security.istio.io/v1",
  kind: "AuthorizationPolicy",
  metadata: { name, namespace: "default" },
  spec: {
    targetRefs: [SERVICE],
    action: "DENY",
    // Without the port it would deny what is no HTTP, where no path is known.
    rules: [{
      to: [{ operation: { ports: [`${HTTP_PORT}`], paths: [path] } }],
    }],
  },
});

const route = (name: string, rules: readonly object[]) => ({
  apiVersion: `${GATEWAY_API}/v1`,
  kind: "HTTPRoute",
  metadata: { name, namespace: "default" },
  spec: { parentRefs: [{ ...SERVICE, port: HTTP_PORT }], rules },
});

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
  readonly lastTransitionTime: string;
}

interface Gateway {
  readonly metadata: { readonly generation: number };
  readonly status: {
    readonly addresses?: readonly object[];
    readonly conditions: readonly Condition[];
    readonly listeners?: readonly {
      readonly name: string;
      readonly conditions: readonly Condition[];
    }[];
  };
}

interface Route {
  readonly metadata: {
    readonly generation: number;
    readonly resourceVersion: string;
  };
  readonly status?: {
    readonly parents: readonly {
      readonly parentRef: object;
      readonly controllerName: string;
      readonly conditions: readonly Condition[];
    }[];
  };
}

const short = (conditions: readonly Condition[]) =>
  Object.fromEntries(
    conditions.map(({ type, status, reason }) => [type, `${status} ${reason}`]),
  );

const getRoute = (name: string) => mesh.plane.get<Route>("httproute", name);

kubeTest("a request passes the waypoint", async () => {
  const { status, body } = await mesh.get("/");
  assert.equal(status, 200);
  assert.match(body, /hello from httpbin/);
  const line = await mesh.waypoint.untilRequest("the request", () => true);
  assert.equal(line.status, 200);
});

kubeTest(
  "the Gateway's status names an address and every condition",
  async () => {
    let gateway: Gateway | undefined;
    await eventually("the Gateway has an address", async () => {
      gateway = await mesh.plane.get<Gateway>("gateway", "waypoint");
      return gateway.status.addresses !== undefined;
    });
    const { metadata, status } = gateway!;
    assert.deepEqual(status.addresses, [
      { type: "IPAddress", value: mesh.pods.waypoint.ips[0] },
    ]);
    assert.deepEqual(short(status.conditions), {
      Accepted: "True Accepted",
      Programmed: "True Programmed",
    });
    assert.deepEqual(short(status.listeners![0]!.conditions), {
      Accepted: "True Accepted",
      Programmed: "True Programmed",
      ResolvedRefs: "True ResolvedRefs",
    });
    for (const { observedGeneration } of status.conditions) {
      assert.equal(observedGeneration, metadata.generation);
    }
    const { status: { conditions } } = await mesh.plane.get<Gateway>(
      "gatewayclass",
      "hairpin-waypoint",
    );
    assert.deepEqual(short(conditions), { Accepted: "True Accepted" });
  },
);

kubeTest(
  "the waypoint's Service becomes its address, and requests go on",
  async () => {
    const labels = { "gateway.networking.k8s.io/gateway-name": "waypoint" };
    await mesh.plane.apply({
      apiVersion: "v1",
      kind: "Service",
      metadata: {
        name: "waypoint",
        namespace: "default",
        labels: { ...labels, "istio.io/use-waypoint": "none" },
      },
      spec: { selector: labels, ports: [{ name: "hbone", port: 15008 }] },
    });
    await eventually("the address is the Service's name", async () => {
      const { status } = await mesh.plane.get<Gateway>("gateway", "waypoint");
      const [address] = status.addresses ?? [];
      return JSON.stringify(address) ===
        '{"type":"Hostname","value":"waypoint.default.svc.cluster.local"}';
    });
    await mesh.untilStatus("/", 200);
  },
);

kubeTest(
  "a policy changes what is answered, and its end changes it back",
  async () => {
    assert.equal((await mesh.get("/denied")).status, 404);
    await mesh.plane.apply(denial("denied", "/denied"));
    await mesh.untilStatus("/denied", 403);
    await mesh.plane.delete("authorizationpolicy", "denied", "default");
    await mesh.untilStatus("/denied", 404);
  },
);

kubeTest(
  "a route changes what is answered, and its status says so",
  async () => {
    const redirect = {
      type: "RequestRedirect",
      requestRedirect: { statusCode: 302, hostname: "a.example" },
    };
    await mesh.plane.apply(route("moved", [
      { matches: [{ path: { value: "/moved" } }], filters: [redirect] },
      { backendRefs: [{ name: "httpbin", port: HTTP_PORT }] },
    ]));
    await mesh.untilStatus("/moved", 302);
    await eventually(
      "the status is there",
      async () => (await getRoute("moved")).status !== undefined,
    );
    const { metadata, status } = await getRoute("moved");
    const [parent, ...others] = status!.parents;
    assert.deepEqual(others, []);
    assert.equal(parent!.controllerName, "hairpin.dev/waypoint");
    assert.deepEqual(parent!.parentRef, { ...SERVICE, port: HTTP_PORT });
    assert.deepEqual(short(parent!.conditions), {
      Accepted: "True Accepted",
      ResolvedRefs: "True ResolvedRefs",
    });
    assert.equal(
      parent!.conditions[0]!.observedGeneration,
      metadata.generation,
    );
    assert.equal((await mesh.get("/")).status, 200);
  },
);

kubeTest(
  "a route's status is honest, keeps its times and is not written again",
  async () => {
    const [accepted] = (await getRoute("moved")).status!.parents[0]!.conditions;
    await mesh.plane.apply(route("moved", [
      { backendRefs: [{ name: "nowhere", port: 1 }] },
    ]));
    await eventually("the backend is missed", async () => {
      const { status } = await getRoute("moved");
      return short(status!.parents[0]!.conditions).ResolvedRefs ===
        "False BackendNotFound";
    });
    const before = await getRoute("moved");
    const [still, resolved] = before.status!.parents[0]!.conditions;
    assert.equal(still!.lastTransitionTime, accepted!.lastTransitionTime);
    assert.match(resolved!.message, /nowhere/);
    assert.equal(resolved!.observedGeneration, before.metadata.generation);
    // Something else changes, and the waypoint looks at everything again.
    await mesh.plane.apply(denial("other", "/other"));
    await mesh.untilStatus("/other", 403);
    await mesh.plane.delete("authorizationpolicy", "other", "default");
    const { metadata } = await getRoute("moved");
    assert.equal(metadata.resourceVersion, before.metadata.resourceVersion);
  },
);

kubeTest(
  "what others wrote in a route's status stays, what is over goes",
  async () => {
    const { status } = await getRoute("moved");
    const foreign = {
      ...status!.parents[0]!,
      controllerName: "example.com/other",
    };
    const parents = [foreign, ...status!.parents];
    await mesh.plane.kubectl([
      ...["patch", "httproute", "moved", "--subresource=status"],
      ...["--type=merge", "-p", JSON.stringify({ status: { parents } })],
    ]);
    await mesh.plane.kubectl([
      ...["patch", "httproute", "moved", "--type=merge", "-p"],
      JSON.stringify({ spec: { parentRefs: [{ name: "elsewhere" }] } }),
    ]);
    await eventually("the own part is gone", async () => {
      const { status } = await getRoute("moved");
      return status!.parents.every(({ controllerName }) =>
        controllerName === "example.com/other"
      );
    });
    const { status: after } = await getRoute("moved");
    assert.deepEqual(after!.parents, [foreign]);
    await mesh.plane.delete("httproute", "moved", "default");
    await mesh.untilStatus("/", 200);
  },
);

kubeTest(
  "an object that does not validate is shown, and stops nothing",
  async () => {
    await mesh.plane.apply({
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name: "odd",
        namespace: "default",
        annotations: { "hairpin.dev/netns": "not-a-path" },
      },
      spec: { containers: [{ name: "c", image: "none" }] },
    });
    await mesh.waypoint.untilDump(
      "the pod is refused",
      (dump) =>
        (dump as unknown as { configErrors: string[] }).configErrors
          .some((line) => line.includes('Cannot use Pod "default/odd"')),
    );
    assert.equal((await mesh.get("/")).status, 200);
    await mesh.plane.delete("pod", "odd", "default");
  },
);

kubeTest("an API server that dies takes no connection along", async () => {
  const steady = await SteadyTraffic.start(mesh.lab, mesh.pods.sleep, {
    ip: mesh.vip,
    port: ECHO_PORT,
  });
  // Open through all of it, as a megabyte takes its time.
  const long = mesh.get("/1m", ["--limit-rate", "64k", "--max-time", "60"]);
  await mesh.plane.stopApi();
  assert.equal((await mesh.get("/")).status, 200);
  await mesh.plane.startApi();
  await mesh.plane.apply(denial("after", "/after"));
  await mesh.untilStatus("/after", 403);
  await mesh.plane.delete("authorizationpolicy", "after", "default");
  await mesh.untilStatus("/after", 404);
  const { curlCode, body } = await long;
  assert.deepEqual([curlCode, body.length], [0, 1 << 20]);
  await steady.stopWithoutFailure();
});
