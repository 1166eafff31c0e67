/** Metrics that ztunnel has no counterpart of. */
import type { Cell, Counter, Registry } from "./metrics.ts";
import type { WaypointBypass } from "./traffic_context.ts";

/** How bytes are carried: in a tunnel, inside the node, outside the mesh, or as they come in. */
export type Lane = "hbone" | "local" | "passthrough" | "plaintext";

export class HairpinMetrics {
  readonly #dryRun: Counter;
  readonly #lanes: Counter;
  readonly #kernelRelays: Counter;
  readonly #bypasses: Counter;
  readonly #waypointsUnreachable: Counter;

  constructor(registry: Registry) {
    this.#dryRun = registry.counter({
      name: "hairpin_authorization_dry_run",
      help:
        "The number of connections that a dry-run policy was evaluated against",
    });
    this.#lanes = registry.counter({
      name: "hairpin_connections_lane",
      help: "The number of connections by the way in which they were carried",
    });
    this.#kernelRelays = registry.counter({
      name: "hairpin_connections_kernel_relay",
      help:
        "The number of connections that the kernel relayed, by their lane and by what",
    });
    this.#bypasses = registry.counter({
      name: "hairpin_waypoint_bypass",
      help:
        "The number of connections that reached a pod past its waypoint, by what was done about it",
    });
    this.#waypointsUnreachable = registry.counter({
      name: "hairpin_waypoint_unreachable",
      help:
        "The number of connections whose waypoint could not be reached, by whether they went on without it",
    });
  }

  /** @param policy As `namespace/name`. */
  dryRun(
    policy: string,
    action: "allow" | "deny",
    outcome: "match" | "no_match",
  ): Cell {
    return this.#dryRun.with({ policy, action, outcome });
  }

  lane(lane: Lane): Cell {
    return this.#lanes.with({ lane });
  }

  /**
   * Connections that the kernel took over, alone or spliced; the rest of their
   * lane went by user space.
   */
  kernelRelay(lane: Lane, relay: "kernel" | "splice"): Cell {
    return this.#kernelRelays.with({ lane, relay });
  }

  bypass(action: WaypointBypass): Cell {
    return this.#bypasses.with({ action });
  }

  waypointUnreachable(outcome: "open" | "closed"): Cell {
    return this.#waypointsUnreachable.with({ outcome });
  }
}

/** Connections that pods had open when they were redirected, for the control thread. */
export const openConnectionsCounter = (registry: Registry): Counter =>
  registry.counter({
    name: "hairpin_enrolment_open_connections",
    help:
      "The number of connections that pods had open when they were redirected, by what became of them",
  });

/** Pods that were acted on since they run past the proxy, for the control thread. */
export const repairedPodsCounter = (registry: Registry): Counter =>
  registry.counter({
    name: "hairpin_repaired_pods",
    help:
      "The number of pods that were labelled or deleted because they ran past the proxy, by type and result",
  });

/** Pods of this node that belong to the mesh and are past the proxy, for the control thread. */
export const bypassedPodsGauge = (registry: Registry): Cell =>
  registry.gauge({
    name: "hairpin_capture_bypassed_pods",
    help: "The number of pods whose traffic bypasses the proxy by annotation",
  }).with();
