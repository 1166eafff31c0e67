/** Figures about the control plane: xDS, revocation and reloads of files. */
import type { Cell, Counter, Gauge, Registry } from "./metrics.ts";
import type { Reporter } from "./traffic_context.ts";

/** Why an xDS stream ended, as ztunnel tells it. */
export type XdsEnd = "ConnectionError" | "Error" | "Reconnect" | "Complete";

/** ztunnel's xDS figures. */
export class XdsMetrics {
  readonly #terminations: Counter;
  readonly #messages: Counter;
  readonly #bytes: Counter;

  constructor(registry: Registry) {
    this.#terminations = registry.counter({
      name: "istio_xds_connection_terminations",
      help: "The number of xDS streams that ended, by reason (unstable)",
    });
    this.#messages = registry.counter({
      name: "istio_xds_message",
      help: "The number of xDS responses received, by type URL (unstable)",
    });
    this.#bytes = registry.counter({
      name: "istio_xds_message_bytes",
      help:
        "The size of the resources in xDS responses, by type URL (unstable)",
      unit: "bytes",
    });
  }

  terminated(reason: XdsEnd): void {
    this.#terminations.with({ reason }).value++;
  }

  /** @param bytes Sum of the resources' sizes. */
  received(url: string, bytes: number): void {
    this.#messages.with({ url }).value++;
    this.#bytes.with({ url }).value += bytes;
  }
}

/** ztunnel's figures about revoked certificates. */
export class CrlMetrics {
  readonly #rejections: Counter;
  readonly #untracked: Counter;

  constructor(registry: Registry) {
    this.#rejections = registry.counter({
      name: "istio_crl_policy_rejections",
      help:
        "The number of connections refused for a revoked certificate (unstable)",
    });
    this.#untracked = registry.counter({
      name: "istio_crl_untracked_connections",
      help:
        "The number of connections that a later revocation cannot end (unstable)",
    });
  }

  rejections(reporter: Reporter): Cell {
    return this.#rejections.with({ reporter });
  }

  untracked(reporter: Reporter): Cell {
    return this.#untracked.with({ reporter });
  }
}

/** Figures about the Kubernetes API as a source of configuration. */
export class KubeApiMetrics {
  readonly #failures: Counter;
  readonly #rejected: Counter;

  constructor(registry: Registry) {
    this.#failures = registry.counter({
      name: "hairpin_kube_api_failures",
      help:
        "The number of requests to the Kubernetes API that failed, by kind and status",
    });
    this.#rejected = registry.counter({
      name: "hairpin_kube_objects_rejected",
      help:
        "The number of object versions that could not be used, by kind; the last good one stays",
    });
  }

  /** @param status undefined when there was no answer. */
  failed(kind: string, status: number | undefined): void {
    this.#failures.with({ kind, status: `${status ?? "none"}` }).value++;
  }

  rejected(kind: string): void {
    this.#rejected.with({ kind }).value++;
  }
}

/** Reloads of configuration files. */
export class ReloadMetrics {
  readonly #reloads: Counter;

  constructor(registry: Registry) {
    this.#reloads = registry.counter({
      name: "hairpin_config_reloads",
      help:
        "The number of times that configuration files were read again, by whether the result was taken",
    });
  }

  reloads(outcome: "applied" | "rejected"): Cell {
    return this.#reloads.with({ outcome });
  }
}

/** Waypoints' Deployments, as `--mode deployer` makes them. */
export class DeployerMetrics {
  readonly #gateways: Gauge;

  constructor(registry: Registry) {
    this.#gateways = registry.gauge({
      name: "hairpin_deployer_gateways",
      help:
        "The number of Gateways that were deployed, or could not be, by state",
    });
  }

  set(state: "deployed" | "failed", count: number): void {
    this.#gateways.with({ state }).value = count;
  }
}
