/** How istiod turns the fields about closeness into WDS load balancing. */
import type { LoadBalancer } from "../model/service.ts";
import { TRAFFIC_DISTRIBUTION_ANNOTATION } from "./annotations.ts";
import type { ServiceSpec } from "./schema/core.ts";
import type { Labels } from "./selectors.ts";

type Closeness = "zone" | "node";

const SAME_ZONE: LoadBalancer = {
  routingPreferences: ["Network", "Region", "Zone"],
  mode: "Failover",
  healthPolicy: "OnlyHealthy",
};

const SAME_NODE: LoadBalancer = {
  ...SAME_ZONE,
  routingPreferences: ["Network", "Region", "Zone", "Subzone", "Node"],
};

const ONLY_NODE: LoadBalancer = {
  routingPreferences: ["Node"],
  mode: "Strict",
  healthPolicy: "OnlyHealthy",
};

const STANDARD: LoadBalancer = {
  routingPreferences: [],
  mode: "Standard",
  healthPolicy: "OnlyHealthy",
};

/** For a ServiceEntry of resolution NONE: the address that the client chose is the endpoint. */
export const PASSTHROUGH: LoadBalancer = {
  routingPreferences: [],
  mode: "Passthrough",
  healthPolicy: "AllowAll",
};

/** @returns undefined when nothing asks for other than the default. */
export function loadBalancerOf(
  spec: Pick<
    ServiceSpec,
    "internalTrafficPolicy" | "publishNotReadyAddresses" | "trafficDistribution"
  >,
  own: Labels,
  namespace: Labels,
): LoadBalancer | undefined {
  const base = spec.internalTrafficPolicy === "Local"
    ? ONLY_NODE
    : closest(spec.trafficDistribution, own, namespace);
  return spec.publishNotReadyAddresses
    ? { ...base ?? STANDARD, healthPolicy: "AllowAll" }
    : base;
}

/**
 * Field, then the object's annotation, then its namespace's.
 *
 * @param own Annotations of the object.
 * @param namespace Annotations of its namespace.
 */
export function closest(
  field: string | undefined,
  own: Labels,
  namespace: Labels,
): LoadBalancer | undefined {
  const annotation = own[TRAFFIC_DISTRIBUTION_ANNOTATION] ||
    namespace[TRAFFIC_DISTRIBUTION_ANNOTATION];
  const closeness = FIELD_VALUES.get(field ?? "") ??
    ANNOTATION_VALUES.get(annotation?.toLowerCase() ?? "");
  if (closeness === undefined) return undefined;
  return closeness === "zone" ? SAME_ZONE : SAME_NODE;
}

const FIELD_VALUES: ReadonlyMap<string, Closeness> = new Map([
  ["PreferClose", "zone"],
  ["PreferSameZone", "zone"],
  ["PreferSameNode", "node"],
]);

/** The annotation is compared without case, the field is not. */
const ANNOTATION_VALUES: ReadonlyMap<string, Closeness> = new Map(
  [...FIELD_VALUES].map(([text, value]) => [text.toLowerCase(), value]),
);
