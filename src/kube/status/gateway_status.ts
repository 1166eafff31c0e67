/** What the status of a waypoint's Gateway is to say. */
import type { Ip } from "../../model/address.ts";
import { GATEWAY_NAME_LABEL } from "../annotations.ts";
import { gatewayOf } from "../enrolment.ts";
import type { MeshObjects } from "../mesh_objects.ts";
import { type GatewayObject, nameOf } from "../objects.ts";
import { isReady, podIps } from "../pods.ts";
import type { GatewayListener } from "../schema/gateway.ts";
import type { MeshSettings } from "../settings.ts";
import {
  mappings,
  mergeConditions,
  type WantedCondition,
  type Writing,
} from "./conditions.ts";

type Addresses = GatewayObject["spec"]["addresses"];
type Status = Readonly<Record<string, unknown>>;

const yes = (type: string): WantedCondition => ({
  type,
  status: "True",
  reason: type,
  message: "",
});
const no = (type: string, reason: string, message: string) => ({
  ...yes(type),
  status: "False" as const,
  reason,
  message,
});

/**
 * The status as it is to be.
 *
 * @param current As the API server has it.
 */
export function gatewayStatus(
  gateway: GatewayObject,
  { objects, settings }: {
    readonly objects: MeshObjects;
    readonly settings: Pick<MeshSettings, "clusterDomain">;
  },
  current: Status,
  writing: Writing,
): Status {
  const addresses = addressesOf(gateway, objects, settings);
  const { listeners } = gateway.spec;
  const before = mappings(current.listeners);
  const sound = listeners.filter(isSound);
  const conditions = [
    sound.length > 0
      ? {
        ...yes("Accepted"),
        ...sound.length < listeners.length && { reason: "ListenersNotValid" },
      }
      : no("Accepted", "ListenersNotValid", NO_LISTENER),
    addresses.length === 0
      ? no("Programmed", "AddressNotAssigned", NO_ADDRESS)
      : sound.length === 0
      ? no("Programmed", "Invalid", NO_LISTENER)
      : yes("Programmed"),
  ];
  return {
    ...current,
    addresses,
    conditions: mergeConditions(current.conditions, conditions, writing),
    listeners: listeners.map((listener) =>
      listenerStatus(
        listener,
        before.find(({ name }) => name === listener.name) ?? {},
        writing,
      )
    ),
  };
}

const NO_LISTENER = "a waypoint needs a listener of protocol HBONE";
const NO_ADDRESS =
  "neither a Service nor a ready pod carries the Gateway's name as its label";

/** Protocols of Istio's waypoints; the other ones are for gateways at the edge. */
const isSound = ({ protocol }: GatewayListener): boolean =>
  protocol === "HBONE" || protocol === "istio.io/PROXY";

function listenerStatus(
  listener: GatewayListener,
  current: Status,
  writing: Writing,
): Status {
  const { name, protocol } = listener;
  const conditions = isSound(listener)
    ? [yes("Accepted"), yes("Programmed"), yes("ResolvedRefs")]
    : [
      no(
        "Accepted",
        "UnsupportedProtocol",
        `a waypoint has no ${JSON.stringify(protocol)}: want HBONE`,
      ),
      no("Programmed", "Invalid", ""),
      yes("ResolvedRefs"),
    ];
  return {
    ...current,
    name,
    // Routes are attached to services, and to no listener.
    attachedRoutes: 0,
    supportedKinds: [],
    conditions: mergeConditions(current.conditions, conditions, writing),
  };
}

/**
 * Where the waypoint is reached: as the Gateway asks for it, else its Service,
 * else a ready pod. An address stays while nothing better is known, because
 * without one the mesh would send connections past the waypoint.
 */
function addressesOf(
  gateway: GatewayObject,
  objects: MeshObjects,
  { clusterDomain }: Pick<MeshSettings, "clusterDomain">,
): Addresses {
  const { spec, status, metadata: { namespace } } = gateway;
  if (spec.addresses.length > 0) return spec.addresses;
  const service = serviceOf(gateway, objects);
  if (service !== undefined) {
    const value = `${service}.${namespace}.svc.${clusterDomain}`;
    return [{ type: "Hostname", value }];
  }
  const ready = readyIps(gateway, objects);
  const [first] = ready;
  const isStill = status.addresses.some(({ value }) =>
    ready.some((ip) => ip === value)
  );
  return first === undefined || isStill
    ? status.addresses
    : [{ type: "IPAddress", value: first }];
}

function serviceOf(
  { metadata: { name, namespace } }: GatewayObject,
  objects: MeshObjects,
): string | undefined {
  const same = objects.find("Service", `${namespace}/${name}`);
  const labelled = objects.all("Service").find(({ metadata }) =>
    metadata.namespace === namespace &&
    metadata.labels[GATEWAY_NAME_LABEL] === name
  );
  return (same ?? labelled)?.metadata.name;
}

const readyIps = (gateway: GatewayObject, objects: MeshObjects): Ip[] =>
  objects.all("Pod").filter((pod) =>
    isReady(pod) &&
    gatewayOf(pod, objects) === gateway
  ).toSorted((a, b) => nameOf(a) < nameOf(b) ? -1 : 1)
    .flatMap((pod) => podIps(pod).slice(0, 1));
