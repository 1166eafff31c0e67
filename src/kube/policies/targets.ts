/** What a policy with `targetRefs` is attached to, as one waypoint sees it. */
import type { ServiceKey } from "../../model/workload.ts";
import type { Attached } from "../../model/attached.ts";
import type { MeshObjects } from "../mesh_objects.ts";
import {
  type AuthorizationPolicyObject,
  nameOf,
  type RequestAuthenticationObject,
} from "../objects.ts";
import type { MeshSettings } from "../settings.ts";

export interface WaypointScope {
  readonly objects: MeshObjects;
  /** `namespace/name` of the waypoint's Gateway. */
  readonly gateway: string;
  readonly settings: Pick<MeshSettings, "rootNamespace" | "clusterDomain">;
}

type PolicyObject = AuthorizationPolicyObject | RequestAuthenticationObject;

interface Targets {
  readonly gateway: boolean;
  readonly services: readonly ServiceKey[];
  /** What is wrong with targets, one line each. */
  readonly problems: readonly string[];
}

const NONE: Targets = { gateway: false, services: [], problems: [] };
const GATEWAY: Targets = { ...NONE, gateway: true };
const problem = (why: string): Targets => ({ ...NONE, problems: [why] });

/**
 * Sorts policies by what they are attached to, the oldest first.
 *
 * Only `targetRefs` count here: a policy with a selector, or for a whole
 * namespace, is a node proxy's business.
 *
 * @param convert Makes the enforced policy; called once for each that is attached.
 */
export function attachPolicies<From extends PolicyObject, To>(
  policies: readonly From[],
  scope: WaypointScope,
  convert: (object: From) => To,
): { readonly attached: Attached<To>; readonly warnings: readonly string[] } {
  const gateway: To[] = [];
  const byService = new Map<ServiceKey, To[]>();
  const warnings: string[] = [];
  for (const object of policies.toSorted(byAge)) {
    const targets = targetsOf(object, scope);
    warnings.push(
      ...targets.problems.map((why) =>
        `${object.kind} "${
          nameOf(object)
        }" has a target that does not count: ${why}`
      ),
    );
    if (!targets.gateway && targets.services.length === 0) continue;
    const policy = convert(object);
    if (targets.gateway) gateway.push(policy);
    else addToAll(byService, targets.services, policy);
  }
  return {
    attached: { gateway, services: Object.fromEntries(byService) },
    warnings,
  };
}

function addToAll<To>(
  lists: Map<ServiceKey, To[]>,
  keys: readonly ServiceKey[],
  policy: To,
): void {
  for (const key of new Set(keys)) {
    const list = lists.get(key);
    if (list === undefined) lists.set(key, [policy]);
    else list.push(policy);
  }
}

function byAge(a: PolicyObject, b: PolicyObject): number {
  const key = (o: PolicyObject) =>
    `${o.metadata.creationTimestamp ?? ""} ${nameOf(o)}`;
  return key(a) < key(b) ? -1 : 1;
}

function targetsOf(object: PolicyObject, scope: WaypointScope): Targets {
  const { targetRef, targetRefs } = object.spec;
  const all = [...targetRef === undefined ? [] : [targetRef], ...targetRefs]
    .map((target) => resolve(target, object, scope));
  return {
    gateway: all.some(({ gateway }) => gateway),
    services: all.flatMap(({ services }) => services),
    problems: all.flatMap(({ problems }) => problems),
  };
}

type TargetRef = PolicyObject["spec"]["targetRefs"][number];

function resolve(
  target: TargetRef,
  { metadata: { namespace } }: PolicyObject,
  scope: WaypointScope,
): Targets {
  const { kind, name } = target;
  const group = target.group === "core" ? "" : target.group;
  if ((target.namespace ?? namespace) !== namespace) {
    return problem(`${kind} "${target.namespace}/${name}" is elsewhere`);
  }
  switch (`${group}/${kind}`) {
    case "gateway.networking.k8s.io/Gateway":
      if (`${namespace}/${name}` === scope.gateway) return GATEWAY;
      return scope.objects.find("Gateway", `${namespace}/${name}`) === undefined
        ? problem(`there is no Gateway "${namespace}/${name}"`)
        : NONE;
    case "gateway.networking.k8s.io/GatewayClass":
      return ofClass(name, namespace, scope);
    case "/Service":
      return ofService(namespace, name, scope);
    case "networking.istio.io/ServiceEntry":
      return ofServiceEntry(namespace, name, scope);
    default:
      return problem(
        `${group === "" ? kind : `${group}/${kind}`} cannot be a target`,
      );
  }
}

/** The name that Istio gives to the class of its waypoints, and compares policies with. */
const ISTIO_WAYPOINT_CLASS = "istio-waypoint";

/** For all waypoints: those of Istio's class name, whatever this one's class is called. */
function ofClass(
  name: string,
  namespace: string,
  { objects, gateway, settings }: WaypointScope,
): Targets {
  if (namespace !== settings.rootNamespace) {
    return problem(
      `a GatewayClass is a target only in namespace "${settings.rootNamespace}"`,
    );
  }
  const own = objects.find("Gateway", gateway)?.spec.gatewayClassName;
  return name === ISTIO_WAYPOINT_CLASS || name === own ? GATEWAY : NONE;
}

/** Attached by name alone: the service may come from elsewhere than from these objects. */
function ofService(
  namespace: string,
  name: string,
  { objects, settings }: WaypointScope,
): Targets {
  const host = `${name}.${namespace}.svc.${settings.clusterDomain}`;
  const isThere = objects.find("Service", `${namespace}/${name}`) !== undefined;
  return {
    gateway: false,
    services: [`${namespace}/${host}`],
    problems: isThere ? [] : [`there is no Service "${namespace}/${name}"`],
  };
}

function ofServiceEntry(
  namespace: string,
  name: string,
  { objects }: WaypointScope,
): Targets {
  const entry = objects.find("ServiceEntry", `${namespace}/${name}`);
  if (entry === undefined) {
    return problem(`there is no ServiceEntry "${namespace}/${name}"`);
  }
  const services = entry.spec.hosts.map((host) => `${namespace}/${host}`);
  return { gateway: false, services, problems: [] };
}
