/** Which ports of which services a route decides about. */
import type { RouteKind, RouteScope } from "../../model/route_set.ts";
import type { ParentReference } from "../../model/route_status.ts";
import {
  type AppProtocol,
  type Service,
  serviceKey,
} from "../../model/service.ts";
import type { ServiceKey } from "../../model/workload.ts";
import { mayBeHttp } from "../app_protocol.ts";
import type { MeshObjects } from "../mesh_objects.ts";
import type { ObjectMeta } from "../objects.ts";
import type { ParentRef } from "../schema/route_parts.ts";
import type { MeshSettings } from "../settings.ts";

/** A parent that is served here. */
export interface Claim {
  readonly parent: ParentReference;
  readonly scopes: readonly RouteScope[];
  /** Why it has none. */
  readonly refusal?: string;
}

/** Where parents are looked for. */
export interface ParentContext {
  readonly objects: MeshObjects;
  /** Those that this waypoint fronts. */
  readonly fronted: ReadonlyMap<ServiceKey, Service>;
  readonly settings: Pick<MeshSettings, "clusterDomain">;
}

/** @returns undefined for a parent that is none of this waypoint's business. */
export function claimOf(
  ref: ParentRef,
  route: { readonly kind: RouteKind; readonly metadata: ObjectMeta },
  context: ParentContext,
): Claim | undefined {
  const namespace = ref.namespace ?? route.metadata.namespace;
  const services = parentKeys(ref, namespace, context)
    .map((key) => context.fronted.get(key))
    .filter((service) => service !== undefined);
  if (services.length === 0) return undefined;
  const consumer = namespace !== route.metadata.namespace;
  const scopes = services.flatMap((service) =>
    portsOf(service, ref.port, route.kind).map((port) => ({
      service: serviceKey(service),
      port,
      ...consumer && { clientNamespace: route.metadata.namespace },
    }))
  );
  return {
    parent: ref,
    scopes,
    ...scopes.length === 0 && { refusal: refusalOf(ref, route.kind) },
  };
}

/** The services that a parent stands for; none for a kind that stands for no service. */
export function parentKeys(
  { group, kind, name }: ParentRef,
  namespace: string,
  { objects, settings }: Pick<ParentContext, "objects" | "settings">,
): ServiceKey[] {
  if ((group === "" || group === "core") && kind === "Service") {
    return [`${namespace}/${name}.${namespace}.svc.${settings.clusterDomain}`];
  }
  if (group !== "networking.istio.io" || kind !== "ServiceEntry") return [];
  const entry = objects.find("ServiceEntry", `${namespace}/${name}`);
  return entry?.spec.hosts.map((host) => `${namespace}/${host}`) ?? [];
}

/** The port that is asked for, else all, as far as their protocol fits the route. */
function portsOf(
  { ports, appProtocols }: Service,
  wanted: number | undefined,
  kind: RouteKind,
): number[] {
  return Object.keys(ports).map(Number)
    .filter((port) => wanted === undefined || port === wanted)
    .filter((port) => fits(kind, appProtocols?.[port]));
}

function fits(kind: RouteKind, protocol: AppProtocol | undefined): boolean {
  switch (kind) {
    case "HTTPRoute":
    case "GRPCRoute":
      return mayBeHttp(protocol);
    case "TLSRoute":
      return protocol === "TLS" || protocol === undefined;
    case "TCPRoute":
      return !mayBeHttp(protocol) || protocol === undefined;
  }
}

function refusalOf({ name, port }: ParentRef, kind: RouteKind): string {
  const which = port === undefined ? "no port" : `no port ${port}`;
  return `"${name}" has ${which} for routes of kind ${kind}`;
}
