import type { Workload } from "../model/workload.ts";
import { groupBy } from "./mesh_objects.ts";
import type { ObjectMeta } from "./objects.ts";
import type { PeerAuthentications } from "./policies/peer_authentication.ts";
import type { ConvertedPolicy } from "./policies/policies.ts";
import { hasLabels, selects } from "./selectors.ts";
import type { ServiceInfo } from "./service_info.ts";
import type { MeshSettings } from "./settings.ts";
import { sayProblem, type Waypoints } from "./waypoints.ts";

type Target = Pick<
  ObjectMeta,
  "name" | "namespace" | "labels" | "annotations"
>;

/** Finds what belongs to a workload: its services, its policies, its waypoint. */
export class Attacher {
  readonly warnings: string[] = [];
  readonly #byNamespace: ReadonlyMap<string, readonly ServiceInfo[]>;
  readonly #selecting: readonly ConvertedPolicy[];
  readonly #peers: PeerAuthentications;
  readonly #waypoints: Waypoints;
  readonly #settings: MeshSettings;

  constructor(
    infos: readonly ServiceInfo[],
    policies: readonly ConvertedPolicy[],
    peers: PeerAuthentications,
    waypoints: Waypoints,
    settings: MeshSettings,
  ) {
    this.#byNamespace = groupBy(infos, ({ service }) => service.namespace);
    this.#selecting = policies.filter(({ selector }) => selector !== undefined);
    this.#peers = peers;
    this.#waypoints = waypoints;
    this.#settings = settings;
  }

  /** The services of a namespace whose selector picks these labels. */
  services({ namespace, labels }: Target): ServiceInfo[] {
    return (this.#byNamespace.get(namespace) ?? [])
      .filter(({ selector }) => selects(selector, labels));
  }

  /** Keys of the selector policies of the namespace and of the root namespace, then of PeerAuthentication. */
  policies({ namespace, labels }: Target): string[] {
    const root = this.#settings.rootNamespace;
    const selected = this.#selecting.filter(({ policy, selector }) =>
      (policy.namespace === namespace || policy.namespace === root) &&
      hasLabels(labels, selector ?? {})
    );
    return [
      ...selected.map(({ policy }) => policy.key).sort(),
      ...this.#peers.keysFor(namespace, labels),
    ];
  }

  /** @param what How a warning names the target: `Pod "ns/name"`. */
  waypoint(what: string, target: Target): Pick<Workload, "waypoint"> {
    const attachment = this.#waypoints.ofWorkload(target);
    const { waypoint, problem } = attachment;
    if (problem !== undefined) {
      this.warnings.push(sayProblem(what, attachment, problem));
    }
    return waypoint === undefined ? {} : { waypoint };
  }
}
