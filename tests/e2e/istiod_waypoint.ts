/** A waypoint of hairpin's in a cluster with istiod, as istiod's own controller would make one of its class. */
import type { ControlPlane } from "../lab/control_plane/mod.ts";
import type { HairpinProcess, Lab, LabPod } from "../lab/mod.ts";

const GATEWAY_API = "gateway.networking.k8s.io";
const NAME = "waypoint";
const LABEL = { [`${GATEWAY_API}/gateway-name`]: NAME };

/** Of the pod that a waypoint is started in, which must have the Gateway's name. */
export const WAYPOINT_LABELS = {
  app: NAME,
  ...LABEL,
  "istio.io/dataplane-mode": "none",
} as const;

/** Makes the Gateway and its service, and starts hairpin in its pod. @param env How the pod's node knows istiod. */
export async function startIstiodWaypoint(
  lab: Lab,
  plane: ControlPlane,
  pod: LabPod,
  env: Readonly<Record<string, string>>,
): Promise<HairpinProcess> {
  await plane.apply({
    apiVersion: `${GATEWAY_API}/v1`,
    kind: "GatewayClass",
    metadata: { name: "hairpin-waypoint" },
    spec: { controllerName: "hairpin.dev/waypoint" },
  }, {
    apiVersion: `${GATEWAY_API}/v1`,
    kind: "Gateway",
    metadata: {
      name: NAME,
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
      name: NAME,
      namespace: "default",
      labels: { ...LABEL, "istio.io/use-waypoint": "none" },
    },
    spec: { selector: LABEL, ports: [{ name: "hbone", port: 15008 }] },
  });
  return await lab.startHairpin(pod, {
    kubeconfig: plane.kubeconfig,
    gateway: `default/${NAME}`,
    env: {
      ...env,
      AUTH_TOKEN: await writeToken(plane),
      POD_NAME: NAME,
      POD_NAMESPACE: "default",
      SERVICE_ACCOUNT: NAME,
      INSTANCE_IP: pod.ips[0]!,
    },
  });
}

/** @returns the file of a token that is bound to the waypoint's pod. */
async function writeToken(plane: ControlPlane): Promise<string> {
  const { metadata } = await plane.get<{ metadata: { uid: string } }>(
    "pod",
    NAME,
  );
  const token = await plane.kubectl([
    ...["create", "token", NAME, "-n", "default"],
    ...["--audience", "istio-ca", "--duration", "1h"],
    ...["--bound-object-kind", "Pod", "--bound-object-name", NAME],
    ...["--bound-object-uid", metadata.uid],
  ]);
  const path = `${plane.folder}/token-waypoint`;
  await Deno.writeTextFile(path, token.trim());
  return path;
}
