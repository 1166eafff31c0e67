/** Which statuses a waypoint has to write, and what they say. */
import * as v from "valibot";
import { isEqual } from "../../model/diff.ts";
import type { RouteStatus } from "../../model/route_status.ts";
import { type Service, serviceKey } from "../../model/service.ts";
import type { ServiceKey } from "../../model/workload.ts";
import { MeshObjects } from "../mesh_objects.ts";
import type { Kind, KubeObject } from "../objects.ts";
import { unpackSpec } from "../packed_spec.ts";
import { parentKeys } from "../routes/parents.ts";
import { parents } from "../schema/route_parts.ts";
import { DEFAULT_SETTINGS, type MeshSettings } from "../settings.ts";
import { mergeConditions, type Writing } from "./conditions.ts";
import { CONTROLLER_NAME, isOwnGateway } from "./controller.ts";
import { gatewayStatus } from "./gateway_status.ts";
import { isSameParent, routeParentsStatus } from "./route_parents_status.ts";

/** Kinds whose statuses a waypoint writes. */
export const STATUS_KINDS: ReadonlySet<Kind> = new Set<Kind>([
  "GatewayClass",
  "Gateway",
  "HTTPRoute",
  "GRPCRoute",
  "TCPRoute",
  "TLSRoute",
]);

export interface StatusInput {
  readonly objects: readonly KubeObject[];
  readonly settings: Partial<MeshSettings>;
  /** Those of the mesh, with their waypoints. */
  readonly services: readonly Service[];
  /** `namespace/name` of the waypoint's own Gateway. */
  readonly gateway: string;
  /** Of the routes that it follows. */
  readonly statuses: readonly RouteStatus[];
}

/** An object's status as the API server has it. */
export interface CurrentStatus {
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
  readonly generation: number;
  readonly status: Readonly<Record<string, unknown>>;
}

/** What is to be written; undefined when the status says it already, or is none of the waypoint's. */
export type StatusPlan = (
  current: CurrentStatus,
  now: string,
) => Readonly<Record<string, unknown>> | undefined;

export function statusPlan(input: StatusInput): StatusPlan {
  const settings = { ...DEFAULT_SETTINGS, ...input.settings };
  const scope = {
    objects: new MeshObjects(input.objects),
    settings,
    gateway: input.gateway,
    fronted: new Set(
      input.services.filter(hasWaypoint).map(serviceKey),
    ),
    statuses: new Map(
      input.statuses.map((status) => [titleOf(status), status]),
    ),
  };
  return (current, now) => {
    const writing = { generation: current.generation, now };
    const wanted = wantedStatus(current, scope, writing);
    return wanted === undefined || isEqual(wanted, current.status)
      ? undefined
      : wanted;
  };
}

interface Scope {
  readonly objects: MeshObjects;
  readonly settings: MeshSettings;
  readonly gateway: string;
  readonly fronted: ReadonlySet<ServiceKey>;
  readonly statuses: ReadonlyMap<string, RouteStatus>;
}

const hasWaypoint = ({ waypoint, weightedWaypoints }: Service): boolean =>
  waypoint !== undefined || weightedWaypoints.length > 0;

const titleOf = (
  { kind, namespace, name }: Pick<CurrentStatus, "kind" | "namespace" | "name">,
): string => `${kind} ${namespace}/${name}`;

type Status = Readonly<Record<string, unknown>>;

function wantedStatus(
  current: CurrentStatus,
  scope: Scope,
  writing: Writing,
): Status | undefined {
  switch (current.kind) {
    case "GatewayClass":
      return ofClass(current, scope, writing);
    case "Gateway":
      return ofGateway(current, scope, writing);
    case "HTTPRoute":
    case "GRPCRoute":
    case "TCPRoute":
    case "TLSRoute":
      return ofRoute({ ...current, kind: current.kind }, scope, writing);
    default:
      return undefined;
  }
}

function ofClass(
  { name, status }: CurrentStatus,
  { objects }: Scope,
  writing: Writing,
): Status | undefined {
  const { spec } = objects.find("GatewayClass", name) ?? {};
  if (spec?.controllerName !== CONTROLLER_NAME) return undefined;
  const accepted = {
    type: "Accepted",
    status: "True",
    reason: "Accepted",
    message: "served by hairpin",
  } as const;
  const conditions = mergeConditions(status.conditions, [accepted], writing);
  return { ...status, conditions };
}

function ofGateway(
  { namespace, name, status }: CurrentStatus,
  scope: Scope,
  writing: Writing,
): Status | undefined {
  const key = `${namespace}/${name}`;
  const gateway = scope.objects.find("Gateway", key);
  if (key !== scope.gateway || gateway === undefined) return undefined;
  if (!isOwnGateway(gateway, scope.objects)) return undefined;
  return gatewayStatus(gateway, scope, status, writing);
}

type RouteKind = RouteStatus["kind"];

function ofRoute(
  current: CurrentStatus & { readonly kind: RouteKind },
  scope: Scope,
  writing: Writing,
): Status {
  const wanted = scope.statuses.get(titleOf(current));
  const keeps = (parent: unknown) => isServedElsewhere(parent, current, scope);
  const list = routeParentsStatus(
    current.status.parents,
    wanted?.parents ?? [],
    { ...writing, keeps },
  );
  const empty = current.status.parents === undefined && list.length === 0;
  return empty ? current.status : { ...current.status, parents: list };
}

/** Whether a route still has a parent, and that some waypoint which is not this one. */
function isServedElsewhere(
  parent: unknown,
  { kind, namespace, name }: CurrentStatus & { readonly kind: RouteKind },
  { objects, settings, fronted }: Scope,
): boolean {
  const route = objects.find(kind, `${namespace}/${name}`);
  const read = v.safeParse(parents, route ? unpackSpec(route.spec) : {});
  if (!read.success) return false;
  const ref = read.output.parentRefs.find((ref) => isSameParent(ref, parent));
  if (ref === undefined) return false;
  const keys = parentKeys(ref, ref.namespace ?? namespace, {
    objects,
    settings,
  });
  return keys.some((key) => fronted.has(key));
}
