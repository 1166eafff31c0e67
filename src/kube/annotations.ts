/** Labels and annotations that change what hairpin does, and the values they may have. */
import type { KubeObject } from "./objects.ts";
import type { Problem } from "./problem.ts";

export const NETNS_ANNOTATION = "hairpin.dev/netns";
export const DRY_RUN_ANNOTATION = "istio.io/dry-run";
/** The kubelet's own uid of a static pod. */
export const MIRROR_ANNOTATION = "kubernetes.io/config.mirror";
export const DNS_CAPTURE_ANNOTATION = "ambient.istio.io/dns-capture";
export const BYPASS_INBOUND_ANNOTATION =
  "ambient.istio.io/bypass-inbound-capture";
/** `true`, or when it ends: this pod's traffic is let past the proxy. */
export const BYPASS_CAPTURE_ANNOTATION = "hairpin.dev/bypass-capture";
export const REROUTE_INTERFACES_ANNOTATION =
  "istio.io/reroute-virtual-interfaces";
export const REDIRECTION_ANNOTATION = "ambient.istio.io/redirection";
export const SIDECAR_STATUS_ANNOTATION = "sidecar.istio.io/status";
export const TRAFFIC_DISTRIBUTION_ANNOTATION =
  "networking.istio.io/traffic-distribution";
export const INBOUND_BINDING_ANNOTATION =
  "ambient.istio.io/waypoint-inbound-binding";
export const CANARY_WEIGHT_ANNOTATION = "istio.io/use-waypoint-canary-weight";

export const DATAPLANE_MODE_LABEL = "istio.io/dataplane-mode";
export const GATEWAY_NAME_LABEL = "gateway.networking.k8s.io/gateway-name";
export const MANAGED_LABEL = "gateway.istio.io/managed";
export const TUNNEL_LABEL = "networking.istio.io/tunnel";
export const USE_WAYPOINT_LABEL = "istio.io/use-waypoint";
export const USE_WAYPOINT_NAMESPACE_LABEL = "istio.io/use-waypoint-namespace";
export const CANARY_LABEL = "istio.io/use-waypoint-canary";
export const CANARY_NAMESPACE_LABEL = "istio.io/use-waypoint-canary-namespace";
export const WAYPOINT_FOR_LABEL = "istio.io/waypoint-for";
export const WORKLOAD_NAME_LABEL = "service.istio.io/workload-name";

/** The truth values that Go's ParseBool takes, which is what Istio reads them with. */
export function parseFlag(text: string): boolean | undefined {
  if (/^(1|t|T|true|TRUE|True)$/.test(text)) return true;
  if (/^(0|f|F|false|FALSE|False)$/.test(text)) return false;
  return undefined;
}

/** Annotations whose value decides about security or reaches the file system. */
export function annotationProblems(object: KubeObject): Problem[] {
  switch (object.kind) {
    case "AuthorizationPolicy":
      return checked(
        object,
        DRY_RUN_ANNOTATION,
        isFlag,
        "is not true or false",
      );
    case "Pod":
      return checked(
        object,
        NETNS_ANNOTATION,
        isPath,
        "is not an absolute path",
      );
    default:
      return [];
  }
}

const isFlag = (text: string): boolean =>
  text === "" || parseFlag(text) !== undefined;

const isPath = (text: string): boolean =>
  /^\/[^\0]+$/.test(text) && !text.split("/").includes("..");

function checked(
  object: KubeObject,
  key: string,
  test: (text: string) => boolean,
  why: string,
): Problem[] {
  const value = object.metadata.annotations[key];
  if (value === undefined || test(value)) return [];
  return [{ path: ["metadata", "annotations", key], value, why }];
}
