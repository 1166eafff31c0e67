/** A waypoint that has the mesh from istiod, and layer 7 from the Kubernetes API. */
import assert from "node:assert/strict";
import { parseRequestLog } from "../lab/mod.ts";
import { type IstiodMesh, istiodTest } from "./istiod_support.ts";
import { eventually, HTTP_PORT } from "./support.ts";

const GATEWAY_API = "gateway.networking.k8s.io";
const LABEL = { [`${GATEWAY_API}/gateway-name`]: "waypoint" };
const SERVICE = { group: "", kind: "Service", name: "httpbin" };

/** What istiod's own controller would make of a Gateway of its own class. */
async function addWaypoint(mesh: IstiodMesh) {
  const { plane, nodes } = mesh;
  const pod = await mesh.addPod("waypoint", "node-1", {
    app: "waypoint",
    ...LABEL,
    ...{ "istio.io/dataplane-mode": "none" },
  });
  await plane.apply({
    apiVersion: `${GATEWAY_API}/v1`,
    kind: "GatewayClass",
    metadata: { name: "hairpin-waypoint" },
    spec: { controllerName: "hairpin.dev/waypoint" },
  }, {
    apiVersion: `${GATEWAY_API}/v1`,
    kind: "Gateway",
    metadata: {
      name: "waypoint",
      namespace: "default",
      labels: { "istio.io/waypoint-for": "service" },
    },
    spec: {
      gatewayClassName: "hairpin-waypoint",
      listeners: [{ name: "mesh", port: 15008, protocol: "HBONE" }],
    },
  }, {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: "waypoint",
      namespace: "default",
      labels: { ...LABEL, "istio.io/use-waypoint": "none" },
    },
    spec: { selector: LABEL, ports: [{ name: "hbone", port: 15008 }] },
  });
  const { metadata } = await plane.get<{ metadata: { uid: string } }>(
    "pod",
    "waypoint",
  );
  const token = await plane.kubectl([
    ...["create", "token", "waypoint", "-n", "default"],
    ...["--audience", "istio-ca", "--duration", "1h"],
    ...["--bound-object-kind", "Pod", "--bound-object-name", "waypoint"],
    ...["--bound-object-uid", metadata.uid],
  ]);
  const tokenPath = `${plane.folder}/token-waypoint`;
  await Deno.writeTextFile(tokenPath, token.trim());
  return await mesh.lab.startHairpin(pod, {
    kubeconfig: plane.kubeconfig,
    gateway: "default/waypoint",
    env: {
      ...nodes["node-1"].env,
      AUTH_TOKEN: tokenPath,
      POD_NAME: "waypoint",
      POD_NAMESPACE: "default",
      SERVICE_ACCOUNT: "waypoint",
      INSTANCE_IP: pod.ips[0]!,
    },
  });
}

istiodTest(
  "a waypoint fronts what istiod says, and does what the API says",
  async (mesh) => {
    const waypoint = await addWaypoint(mesh);
    await mesh.plane.kubectl(
      ["label", "service", "httpbin", "istio.io/use-waypoint=waypoint"],
    );
    // istiod takes the address that hairpin wrote into the Gateway's status.
    await eventually("requests pass the waypoint", async () => {
      await mesh.get();
      return parseRequestLog(waypoint.process.log()).length > 0;
    });
    await eventually(
      "requests are answered",
      async () => (await mesh.get()).status === 200,
    );
    await mesh.plane.apply({
      apiVersion: "security.istio.io/v1",
      kind: "AuthorizationPolicy",
      metadata: { name: "denied", namespace: "default" },
      spec: {
        targetRefs: [SERVICE],
        action: "DENY",
        rules: [{ to: [{ operation: { ports: [`${HTTP_PORT}`] } }] }],
      },
    });
    await eventually(
      "requests are denied at layer 7",
      async () => (await mesh.get()).status === 403,
    );
    await mesh.plane.delete("authorizationpolicy", "denied", "default");
    await eventually(
      "requests are answered again",
      async () => (await mesh.get()).status === 200,
    );
    const line = await waypoint.untilRequest(
      "a denial",
      ({ status }) => status === 403,
    );
    assert.equal(line.status, 403);
  },
);
