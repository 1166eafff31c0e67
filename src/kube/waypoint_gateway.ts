/** What a Gateway says about itself as a waypoint. */
import { parseIp, parsePort } from "../model/address.ts";
import type { GatewayAddress } from "../model/workload.ts";
import {
  INBOUND_BINDING_ANNOTATION,
  WAYPOINT_FOR_LABEL,
} from "./annotations.ts";
import type { MeshObjects } from "./mesh_objects.ts";
import type { GatewayObject } from "./objects.ts";
import type { GatewayListener } from "./schema/gateway.ts";
import { type Labels, matchesSelector } from "./selectors.ts";
import type { MeshSettings } from "./settings.ts";

/** The port of every HBONE listener. Source: Istio; a waypoint's address carries no other. */
export const HBONE_PORT = 15_008;

/** How the node proxy of a captured waypoint pod hands connections to it. */
export interface InboundBinding {
  readonly protocol: "NONE" | "PROXY";
  readonly port?: number;
}

/**
 * Reads `PROTOCOL` or `PROTOCOL/PORT` from the Gateway, else from its class.
 *
 * @returns undefined when there is none, or none that can be read.
 */
export function inboundBinding(
  gateway: GatewayObject,
  objects: MeshObjects,
): InboundBinding | undefined {
  const text = gateway.metadata.annotations[INBOUND_BINDING_ANNOTATION] ??
    classOf(gateway, objects)?.metadata.annotations[INBOUND_BINDING_ANNOTATION];
  const [protocol, portText, ...rest] = text?.split("/") ?? [];
  if (protocol !== "NONE" && protocol !== "PROXY") return undefined;
  if (rest.length > 0) return undefined;
  const port = portText === undefined ? 0 : parsePort(portText);
  if (port === undefined) return undefined;
  return port === 0 ? { protocol } : { protocol, port };
}

/** Which addressing the waypoint takes: `service` (default), `workload`, `all`, `none`. */
export function trafficType(
  gateway: GatewayObject,
  objects: MeshObjects,
): string {
  return gateway.metadata.labels[WAYPOINT_FOR_LABEL] ??
    classOf(gateway, objects)?.metadata.labels[WAYPOINT_FOR_LABEL] ??
    "service";
}

const classOf = (gateway: GatewayObject, objects: MeshObjects) =>
  objects.find("GatewayClass", gateway.spec.gatewayClassName);

/**
 * The address in `status.addresses`, else in `spec.addresses`: a host name
 * before an IP address, because addresses get new owners and names do not.
 */
export function declaredAddress(
  gateway: GatewayObject,
  settings: MeshSettings,
): GatewayAddress | undefined {
  const { status, spec } = gateway;
  const addresses = status.addresses.length > 0
    ? status.addresses
    : spec.addresses;
  const host = addresses.find(({ type }) => type === "Hostname");
  if (host !== undefined) {
    return hostAddress(gateway, fullName(host.value, gateway, settings));
  }
  const ip = addresses.filter(({ type }) => type === "IPAddress")
    .map(({ value }) => parseIp(value)).find((address) =>
      address !== undefined
    );
  return ip === undefined ? undefined : {
    destination: { kind: "address", network: settings.network, ip },
    hboneMtlsPort: HBONE_PORT,
  };
}

export function hostAddress(
  gateway: GatewayObject,
  hostname: string,
): GatewayAddress {
  const { namespace } = gateway.metadata;
  return {
    destination: { kind: "hostname", namespace, hostname },
    hboneMtlsPort: HBONE_PORT,
  };
}

/** A name without a dot is a Service beside the Gateway. */
const fullName = (
  name: string,
  { metadata }: GatewayObject,
  { clusterDomain }: MeshSettings,
): string =>
  name.includes(".")
    ? name
    : `${name}.${metadata.namespace}.svc.${clusterDomain}`;

/** Whether objects of a namespace may use the waypoint: its listener's `allowedRoutes`. */
export function allowsNamespace(
  gateway: GatewayObject,
  objects: MeshObjects,
  namespace: string,
): boolean {
  const allowed = waypointListener(gateway, objects)?.allowedRoutes?.namespaces;
  switch (allowed?.from ?? "Same") {
    case "All":
      return true;
    case "Selector":
      return allowed?.selector !== undefined &&
        matchesSelector(namespaceLabels(objects, namespace), allowed.selector);
    case "None":
      return false;
    default:
      return gateway.metadata.namespace === namespace;
  }
}

/** The same as text, for whoever wonders. */
export function allowedRoutesOf(
  gateway: GatewayObject,
  objects: MeshObjects,
): string {
  const listener = waypointListener(gateway, objects);
  if (listener === undefined) {
    return "without a listener of protocol HBONE it allows its own alone";
  }
  const { from = "Same", selector } = listener.allowedRoutes?.namespaces ?? {};
  const which = from === "Selector" ? ` ${JSON.stringify(selector)}` : "";
  return `allowedRoutes of its listener on port ${listener.port} say from: ${from}${which}`;
}

/** Kubernetes puts a namespace's name on it as a label, which selectors count on. */
const namespaceLabels = (objects: MeshObjects, namespace: string): Labels => ({
  "kubernetes.io/metadata.name": namespace,
  ...objects.namespaceLabels(namespace),
});

/** The listener that the inbound binding names, else the HBONE one. */
function waypointListener(
  gateway: GatewayObject,
  objects: MeshObjects,
): GatewayListener | undefined {
  const { listeners } = gateway.spec;
  const binding = inboundBinding(gateway, objects);
  const bound = listeners.find((listener) =>
    binding?.port !== undefined
      ? listener.port === binding.port
      : binding?.protocol === "PROXY" && listener.protocol === "istio.io/PROXY"
  );
  return bound ??
    listeners.find((listener) =>
      listener.protocol === "HBONE" && listener.port === HBONE_PORT
    );
}
