/** The objects that make a Gateway's waypoint run. */
import { GATEWAY_NAME_LABEL, MANAGED_LABEL } from "../annotations.ts";
import type { GatewayObject } from "../objects.ts";
import { type DeploymentSettings, MANAGED_BY } from "./settings.ts";
import { waypointPodSpec } from "./waypoint_pod.ts";

type Labels = Readonly<Record<string, string>>;

/** An object as it is applied: every field in it is the deployer's. */
export interface AppliedObject {
  readonly apiVersion: string;
  readonly kind: "ServiceAccount" | "RoleBinding" | "Service" | "Deployment";
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Labels;
    readonly annotations?: Labels;
    readonly ownerReferences: readonly object[];
  };
  readonly [field: string]: unknown;
}

/** ClusterRole that lets a waypoint under istiod find its own pods. */
export const PODS_ROLE = "hairpin-waypoint-pods";

const CLASS_NAME_LABEL = "gateway.networking.k8s.io/gateway-class-name";
const HBONE = { name: "hbone", port: 15_008, protocol: "TCP" };

/**
 * All that a Gateway gets, in the order in which it is applied; always the same
 * for the same Gateway and settings. `replicas` is left to whoever scales.
 */
export function waypointObjects(
  gateway: GatewayObject,
  settings: DeploymentSettings,
): readonly AppliedObject[] {
  return [
    {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: metadataOf(gateway),
    },
    // Without istiod a waypoint reads all pods: the role of the mesh has them.
    ...settings.caSecret === undefined ? [podsBinding(gateway)] : [],
    serviceOf(gateway),
    deploymentOf(gateway, settings),
  ];
}

const serviceOf = (gateway: GatewayObject): AppliedObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: metadataOf(gateway, {
    annotated: true,
    labels: { "istio.io/use-waypoint": "none" },
  }),
  spec: {
    selector: { [GATEWAY_NAME_LABEL]: gateway.metadata.name },
    ports: [{ ...HBONE, appProtocol: "hbone" }],
  },
});

function podsBinding(gateway: GatewayObject): AppliedObject {
  const { name, namespace } = gateway.metadata;
  return {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "RoleBinding",
    metadata: metadataOf(gateway, { name: `${PODS_ROLE}-${name}` }),
    roleRef: {
      apiGroup: "rbac.authorization.k8s.io",
      kind: "ClusterRole",
      name: PODS_ROLE,
    },
    subjects: [{ kind: "ServiceAccount", name, namespace }],
  };
}

function deploymentOf(
  gateway: GatewayObject,
  settings: DeploymentSettings,
): AppliedObject {
  const { name } = gateway.metadata;
  const selector = { [GATEWAY_NAME_LABEL]: name };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: metadataOf(gateway, {
      annotated: true,
      labels: { "app.kubernetes.io/name": "hairpin" },
    }),
    spec: {
      selector: { matchLabels: selector },
      strategy: {
        type: "RollingUpdate",
        rollingUpdate: { maxSurge: 1, maxUnavailable: 0 },
      },
      template: {
        metadata: {
          labels: {
            ...gateway.spec.infrastructure?.labels,
            ...ownLabels(gateway),
            ...POD_LABELS,
          },
          annotations: POD_ANNOTATIONS,
        },
        spec: waypointPodSpec(name, selector, settings),
      },
    },
  };
}

const POD_LABELS: Labels = {
  "app.kubernetes.io/name": "hairpin",
  "app.kubernetes.io/component": "waypoint",
  "istio.io/dataplane-mode": "none",
  "sidecar.istio.io/inject": "false",
};

const POD_ANNOTATIONS: Labels = {
  "prometheus.io/scrape": "true",
  "prometheus.io/port": "15020",
};

const ownLabels = ({ metadata, spec }: GatewayObject): Labels => ({
  [GATEWAY_NAME_LABEL]: metadata.name,
  [CLASS_NAME_LABEL]: spec.gatewayClassName,
  [MANAGED_LABEL]: MANAGED_BY,
});

/**
 * The Gateway's labels are on everything. Its annotations are not on what runs
 * or has rights, the pods and their account: software of the node and of the
 * cloud takes orders from annotations there.
 */
function metadataOf(
  gateway: GatewayObject,
  { name = gateway.metadata.name, annotated = false, labels = {} }: {
    readonly name?: string;
    readonly annotated?: boolean;
    readonly labels?: Labels;
  } = {},
): AppliedObject["metadata"] {
  const { infrastructure } = gateway.spec;
  const { metadata } = gateway;
  return {
    name,
    namespace: metadata.namespace,
    labels: { ...infrastructure?.labels, ...labels, ...ownLabels(gateway) },
    ...annotated && infrastructure !== undefined &&
      { annotations: infrastructure.annotations },
    ownerReferences: [{
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "Gateway",
      name: metadata.name,
      uid: metadata.uid ?? "",
    }],
  };
}
