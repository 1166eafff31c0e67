/** All that one waypoint has to know of the mesh's objects. */
import type { BackendTarget } from "../model/backend.ts";
import type { RouteSet } from "../model/route_set.ts";
import { type Service, serviceKey } from "../model/service.ts";
import type {
  FrontedService,
  UpstreamPolicy,
  WaypointConfig,
} from "../model/waypoint_config.ts";
import { isEqual } from "../model/diff.ts";
import type { GatewayAddress, ServiceKey } from "../model/workload.ts";
import { GATEWAY_NAME_LABEL } from "./annotations.ts";
import { DestinationRules } from "./destination_rules.ts";
import { isTerminal } from "./enrolment.ts";
import { MeshObjects } from "./mesh_objects.ts";
import type { KubeObject } from "./objects.ts";
import { ReferenceGrants } from "./routes/reference_grants.ts";
import { Backends, type GrantPolicy } from "./routes/backends.ts";
import { translateRoutes } from "./routes/routes.ts";
import { DEFAULT_SETTINGS, type MeshSettings } from "./settings.ts";
import { translate, type Translation } from "./translate.ts";
import { Waypoints } from "./waypoints.ts";

/** What decides how routes are read, beside the mesh's own settings. */
export interface WaypointSettings extends MeshSettings {
  /** Default `optional`: Istio asks for grants at gateways only. */
  readonly referenceGrants: GrantPolicy;
}

export const DEFAULT_WAYPOINT_SETTINGS: WaypointSettings = {
  ...DEFAULT_SETTINGS,
  referenceGrants: "optional",
};

/**
 * What the waypoint of a Gateway fronts, and how.
 *
 * @param gateway `namespace/name`.
 * @param translation Of the same objects, where that is at hand.
 */
export function waypointConfig(
  kubeObjects: readonly KubeObject[],
  gateway: string,
  options: Partial<WaypointSettings> = {},
  translation: Translation = translate(kubeObjects, options),
): WaypointConfig {
  const settings = { ...DEFAULT_WAYPOINT_SETTINGS, ...options };
  const objects = new MeshObjects(kubeObjects);
  const address = addressOf(gateway, objects, settings);
  const services = translation.services.filter((service) =>
    address !== undefined && isFronted(service, address)
  );
  const grants = new ReferenceGrants(objects);
  const routes = translateRoutes(
    { objects, fronted: byKey(services), settings },
    new Backends(translation.services, grants, settings),
  );
  const rules = new DestinationRules(objects, settings);
  return {
    gateway,
    services: services.map(frontedService),
    workloads: translation.workloads
      .filter(({ waypoint }) =>
        address !== undefined && isEqual(waypoint, address)
      )
      .map(({ uid }) => uid),
    routes: routes.routes,
    upstreams: upstreamsOf(
      called(services, routes.routes, translation.services),
      rules,
      gateway,
    ),
    serviceAccounts: serviceAccountsOf(gateway, objects),
    statuses: routes.statuses,
    warnings: [
      ...address === undefined
        ? [`Gateway "${gateway}" is not there, or has neither address nor pods`]
        : [],
      ...routes.warnings,
      ...rules.warnings,
    ],
  };
}

function addressOf(
  gateway: string,
  objects: MeshObjects,
  settings: MeshSettings,
): GatewayAddress | undefined {
  const object = objects.find("Gateway", gateway);
  return object && new Waypoints(objects, settings).addressOf(object);
}

/** Also a service that comes here for a share only, however small. */
const isFronted = (
  { waypoint, weightedWaypoints }: Service,
  address: GatewayAddress,
): boolean =>
  isEqual(waypoint, address) ||
  weightedWaypoints.some(({ destination }) => isEqual(destination, address));

const byKey = (services: readonly Service[]): Map<ServiceKey, Service> =>
  new Map(services.map((service) => [serviceKey(service), service]));

const frontedService = (service: Service): FrontedService => ({
  key: serviceKey(service),
  ports: Object.keys(service.ports).map(Number).map((port) => ({
    port,
    protocol: service.appProtocols?.[port],
  })),
});

/** The services whose endpoints are called: those fronted, and what routes send to. */
function called(
  fronted: readonly Service[],
  routes: readonly RouteSet[],
  all: readonly Service[],
): Service[] {
  const keys = new Set([
    ...fronted.map(serviceKey),
    ...routes.flatMap(targetsOf).flatMap((target) =>
      target.kind === "service" ? [target.service] : []
    ),
  ]);
  return all.filter((service) => keys.has(serviceKey(service)));
}

function targetsOf(set: RouteSet): BackendTarget[] {
  if (set.layer === "stream") {
    return set.routes.flatMap(({ rules }) => rules)
      .flatMap(({ backends }) => backends.map(({ target }) => target));
  }
  return set.routes.flatMap(({ rules }) => rules)
    .flatMap(({ action, filters }) => {
      const backends = action.kind === "forward" ? action.backends : [];
      return [
        ...backends.map(({ target }) => target),
        ...[filters, ...backends.map((backend) => backend.filters)]
          .flatMap(({ mirrors }) => mirrors.map(({ target }) => target)),
      ];
    });
}

function upstreamsOf(
  services: readonly Service[],
  rules: DestinationRules,
  gateway: string,
): Record<ServiceKey, UpstreamPolicy> {
  const namespace = gateway.split("/", 1)[0]!;
  return Object.fromEntries(services.flatMap((service) => {
    const policy = rules.policyFor(service, namespace);
    return policy === undefined ? [] : [[serviceKey(service), policy]];
  }));
}

function serviceAccountsOf(gateway: string, objects: MeshObjects): string[] {
  const accounts = objects.all("Pod").filter((pod) =>
    !isTerminal(pod) &&
    `${pod.metadata.namespace}/${pod.metadata.labels[GATEWAY_NAME_LABEL]}` ===
      gateway
  ).map(({ spec }) => spec.serviceAccountName || "default");
  return [...new Set(accounts)].sort();
}
