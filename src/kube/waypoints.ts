/** Which waypoint a service or workload uses. */
import type { Service } from "../model/service.ts";
import type { GatewayAddress } from "../model/workload.ts";
import {
  CANARY_LABEL,
  CANARY_NAMESPACE_LABEL,
  CANARY_WEIGHT_ANNOTATION,
  GATEWAY_NAME_LABEL,
  MANAGED_LABEL,
  USE_WAYPOINT_LABEL,
  USE_WAYPOINT_NAMESPACE_LABEL,
} from "./annotations.ts";
import { gatewayOf, isWaypoint } from "./enrolment.ts";
import type { MeshObjects } from "./mesh_objects.ts";
import { type GatewayObject, nameOf, type ObjectMeta } from "./objects.ts";
import type { MeshSettings } from "./settings.ts";
import {
  allowedRoutesOf,
  allowsNamespace,
  declaredAddress,
  HBONE_PORT,
  hostAddress,
  trafficType,
} from "./waypoint_gateway.ts";

/** A waypoint for a target, or why it gets none; both undefined when none was asked for. */
export interface Attachment {
  readonly waypoint?: GatewayAddress;
  /** With a waypoint: connections fail for it. */
  readonly problem?: string;
}

/** Why an object does not have the waypoint that it asks for, and what comes of it. */
export const sayProblem = (
  what: string,
  { waypoint }: Attachment,
  problem: string,
): string =>
  waypoint === undefined
    ? `${what} has no waypoint as asked for: ${problem}`
    : `${what} cannot use its waypoint, so connections to it fail: ${problem}`;

type Target = Pick<ObjectMeta, "namespace" | "labels" | "annotations">;

export class Waypoints {
  readonly #objects: MeshObjects;
  readonly #settings: MeshSettings;
  readonly #withPods: ReadonlySet<string>;

  constructor(objects: MeshObjects, settings: MeshSettings) {
    this.#objects = objects;
    this.#settings = settings;
    this.#withPods = new Set(
      objects.all("Pod").map((pod) => gatewayOf(pod, objects))
        .filter((gateway) => gateway !== undefined).filter(isWaypoint)
        .map(nameOf),
    );
  }

  /** The attachment of a Service or ServiceEntry. */
  ofService(target: Target): Attachment {
    const managed = target.labels[MANAGED_LABEL];
    if (managed !== undefined && UNCAPTURED.includes(managed)) return {};
    return this.#attach(target, "service");
  }

  /**
   * The attachment of a Pod, WorkloadEntry or endpoint. A waypoint's own pods
   * have none, and a waypoint for services only is no fault when it is merely
   * inherited from the namespace.
   */
  ofWorkload(target: Target): Attachment {
    const own = target.labels[GATEWAY_NAME_LABEL];
    if (
      own !== undefined &&
      this.#objects.find("Gateway", `${target.namespace}/${own}`) !== undefined
    ) return {};
    return this.#attach(target, "workload");
  }

  /** Primary and canary of a service with their shares, empty without a usable canary. */
  weighted(
    target: Target,
    primary: GatewayAddress,
  ): Pick<Attachment, "problem"> & Pick<Service, "weightedWaypoints"> {
    const level = target.labels[CANARY_LABEL] === undefined
      ? this.#level(target)
      : target;
    const name = level.labels[CANARY_LABEL];
    if (name === undefined || name === "" || name === "none") {
      return { weightedWaypoints: [] };
    }
    const namespace = level.labels[CANARY_NAMESPACE_LABEL] ?? target.namespace;
    const canary = this.#use(`${namespace}/${name}`, target, "service");
    const weight = Number(level.annotations[CANARY_WEIGHT_ANNOTATION] ?? "0");
    const problem = canary.problem ?? canaryProblem(canary, primary, weight);
    if (problem !== undefined || canary.waypoint === undefined) {
      return { weightedWaypoints: [], problem: problem ?? "no canary" };
    }
    return {
      weightedWaypoints: [
        { destination: primary, weight: 100 - weight },
        { destination: canary.waypoint, weight },
      ],
    };
  }

  /** Gateways that are reached by their pods alone, as nothing declares an address for them. */
  reachedByPods(): readonly GatewayObject[] {
    return this.#objects.all("Gateway").filter((gateway) =>
      this.#withPods.has(nameOf(gateway)) &&
      declaredAddress(gateway, this.#settings) === undefined
    );
  }

  #attach(target: Target, traffic: "service" | "workload"): Attachment {
    const { labels } = this.#level(target);
    const name = labels[USE_WAYPOINT_LABEL];
    if (name === undefined || name === "none") return {};
    const namespace = labels[USE_WAYPOINT_NAMESPACE_LABEL] ?? target.namespace;
    const found = this.#use(`${namespace}/${name}`, target, traffic);
    const inherited = target.labels[USE_WAYPOINT_LABEL] === undefined;
    return traffic === "workload" && inherited && found.wrongTraffic === true
      ? {}
      : found;
  }

  /** Where the choice of waypoint is made: on the target itself, else on its namespace. */
  #level(target: Target): Omit<Target, "namespace"> {
    if (target.labels[USE_WAYPOINT_LABEL] !== undefined) return target;
    return this.#objects.namespace(target.namespace)?.metadata ??
      { labels: {}, annotations: {} };
  }

  #use(
    name: string,
    target: Target,
    traffic: "service" | "workload",
  ): Attachment & { readonly wrongTraffic?: boolean } {
    const gateway = this.#objects.find("Gateway", name);
    const type = gateway && trafficType(gateway, this.#objects) || "service";
    if (type !== traffic && type !== "all") {
      return {
        problem:
          `Gateway "${name}" takes ${type} traffic, not ${traffic} traffic`,
        wrongTraffic: true,
      };
    }
    if (gateway === undefined) {
      return this.#closed(name, `there is no Gateway "${name}"`);
    }
    if (!allowsNamespace(gateway, this.#objects, target.namespace)) {
      return this.#closed(
        name,
        `Gateway "${name}" does not allow namespace "${target.namespace}": ` +
          allowedRoutesOf(gateway, this.#objects),
      );
    }
    const address = this.addressOf(gateway);
    return address === undefined
      ? this.#closed(name, `Gateway "${name}" has neither address nor pods`)
      : { waypoint: address };
  }

  /**
   * A waypoint that was asked for and cannot be used is still in front of its
   * target: under a name that nobody serves, so that connections fail. istiod
   * sends them past it, and past its policies.
   */
  #closed(name: string, problem: string): Attachment {
    const [namespace = "", gateway = ""] = name.split("/");
    const hostname = `${gateway}.${namespace}.${NOWHERE}`;
    const destination = { kind: "hostname", namespace, hostname } as const;
    return { waypoint: { destination, hboneMtlsPort: HBONE_PORT }, problem };
  }

  /**
   * Where a waypoint is reached; undefined when it cannot be. A Gateway
   * without a declared address is named as the service of its pods.
   * It stays a waypoint while none of them is ready: a waypoint that is down
   * must fail connections, not let them past.
   */
  addressOf(gateway: GatewayObject): GatewayAddress | undefined {
    const declared = declaredAddress(gateway, this.#settings);
    if (declared !== undefined) return declared;
    if (!this.#withPods.has(nameOf(gateway))) return undefined;
    return hostAddress(gateway, podsHostname(gateway, this.#settings));
  }
}

/** Ends names that no service has (RFC 6761, section 6.4), whatever a Gateway's own may be. */
const NOWHERE = "waypoint.invalid";

const UNCAPTURED = ["istio.io-mesh-controller", "istio.io-eastwest-controller"];

/** The host name that stands for the pods of a Gateway. */
export function podsHostname(
  { metadata }: GatewayObject,
  { clusterDomain }: MeshSettings,
): string {
  return `${metadata.name}.${metadata.namespace}.svc.${clusterDomain}`;
}

function canaryProblem(
  canary: Attachment,
  primary: GatewayAddress,
  weight: number,
): string | undefined {
  if (!Number.isInteger(weight) || weight < 0 || weight > 100) {
    return "its canary weight is not a whole number from 0 to 100";
  }
  return JSON.stringify(canary.waypoint) === JSON.stringify(primary)
    ? "its canary waypoint is its waypoint"
    : undefined;
}
