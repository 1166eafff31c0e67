import {
  type CompiledPolicies,
  compilePolicies,
} from "../../decide/http/policies.ts";
import type { PackedRoutes } from "../../decide/http/packed_routes.ts";
import { RouteTable } from "../../decide/http/route.ts";
import type { Fronted } from "../../decide/waypoint_target.ts";
import { type Attached, attachedTo } from "../../model/attached.ts";
import type { HttpPolicy } from "../../model/http_policy.ts";
import type {
  KeySource,
  RequestAuthentication,
  TokenRule,
} from "../../model/request_authentication.ts";
import type { PathNormalization } from "../../model/mesh_config.ts";
import {
  DEFAULT_UPSTREAM_POLICY,
  type UpstreamPolicy,
  type WaypointConfig,
} from "../../model/waypoint_config.ts";
import type { ServiceKey } from "../../model/workload.ts";

/** What a waypoint is told to do; plain data, as it crosses threads. */
export interface WaypointOrders {
  readonly config: Omit<WaypointConfig, "routes" | "statuses" | "warnings">;
  readonly routes: PackedRoutes;
  readonly policies: Attached<HttpPolicy>;
  readonly requestAuthentications: Attached<RequestAuthentication>;
  readonly pathNormalization: PathNormalization;
}

/** The same, ready to be asked for each request. */
export class WaypointView implements Fronted {
  readonly services: Fronted["services"];
  readonly workloads: Fronted["workloads"];
  readonly routes: RouteTable;
  readonly pathNormalization: PathNormalization;
  readonly #orders: WaypointOrders;
  readonly #policies = new Map<string, CompiledPolicies>();

  constructor(orders: WaypointOrders) {
    this.#orders = orders;
    const { config, routes, pathNormalization } = orders;
    this.services = new Map(config.services.map((s) => [s.key, s]));
    this.workloads = new Set(config.workloads);
    this.routes = new RouteTable(routes);
    this.pathNormalization = pathNormalization;
  }

  /** @param service undefined for a pod that is called by its own address. */
  policiesFor(
    service: ServiceKey | undefined,
    traffic: "http" | "tcp",
  ): CompiledPolicies {
    const key = `${traffic} ${service ?? ""}`;
    const known = this.#policies.get(key);
    if (known !== undefined) return known;
    const attached = attachedTo(this.#orders.policies, service);
    const made = compilePolicies(attached, { traffic });
    this.#policies.set(key, made);
    return made;
  }

  /** @param service as for {@link policiesFor}. */
  tokenRulesFor(service: ServiceKey | undefined): readonly TokenRule[] {
    const { requestAuthentications } = this.#orders;
    return attachedTo(requestAuthentications, service)
      .flatMap(({ rules }) => rules);
  }

  /** Where all keys come from that token rules name. */
  keySources(): KeySource[] {
    const { gateway, services } = this.#orders.requestAuthentications;
    return [...gateway, ...Object.values(services).flat()]
      .flatMap(({ rules }) => rules).map(({ keys }) => keys);
  }

  upstreamPolicy(service: ServiceKey): UpstreamPolicy {
    return this.#orders.config.upstreams[service] ?? DEFAULT_UPSTREAM_POLICY;
  }
}
