/** How DestinationRules have connections made. */
import * as v from "valibot";
import type { Service } from "../model/service.ts";
import {
  DEFAULT_UPSTREAM_POLICY,
  type UpstreamPolicy,
} from "../model/waypoint_config.ts";
import { goDurationMs } from "./duration.ts";
import type { MeshObjects } from "./mesh_objects.ts";
import { nameOf, type ObjectMeta } from "./objects.ts";
import { type PackedSpec, unpackSpec } from "./packed_spec.ts";
import { formatPath, formatProblem, problemOfIssue } from "./problem.ts";
import { filled, oneOf, open, parsed, someOf, text } from "./schema/fields.ts";
import type { MeshSettings } from "./settings.ts";
import { unreadFields } from "./unread_fields.ts";

const ruleSpec = open({
  host: filled,
  exportTo: someOf(filled),
  trafficPolicy: v.optional(
    open({
      loadBalancer: v.optional(open({ simple: v.exactOptional(text) }), {}),
      connectionPool: v.optional(
        open({
          tcp: v.optional(
            open({
              connectTimeout: v.exactOptional(
                parsed(goDurationMs, 'is not a duration such as "10s"'),
              ),
            }),
            {},
          ),
        }),
        {},
      ),
      // Inside the mesh every connection is in a tunnel, which is what this asks for.
      tls: v.exactOptional(open({ mode: oneOf("ISTIO_MUTUAL") })),
    }),
    {},
  ),
});
type RuleSpec = v.InferOutput<typeof ruleSpec>;

interface Rule {
  readonly metadata: ObjectMeta;
  /** Full, in lower case; may begin with `*`. */
  readonly host: string;
  readonly exportTo: readonly string[];
  readonly policy: UpstreamPolicy;
}

export class DestinationRules {
  /** What of them is not done, each on one line. */
  readonly warnings: string[] = [];
  readonly #rules: Rule[] = [];
  readonly #settings: MeshSettings;

  constructor(objects: MeshObjects, settings: MeshSettings) {
    this.#settings = settings;
    for (const object of objects.all("DestinationRule")) this.#add(object);
  }

  /**
   * The policy for connections to a service: of the waypoint's own namespace,
   * else of the service's, else of the root namespace.
   *
   * @returns undefined when no rule names the service.
   */
  policyFor(
    { hostname, namespace }: Pick<Service, "hostname" | "namespace">,
    waypointNamespace: string,
  ): UpstreamPolicy | undefined {
    const { rootNamespace } = this.#settings;
    for (const owner of [waypointNamespace, namespace, rootNamespace]) {
      const rules = this.#rules.filter((rule) =>
        rule.metadata.namespace === owner &&
        isExported(rule, waypointNamespace) && names(rule.host, hostname)
      );
      const best = rules.toSorted(mostSpecific)[0];
      if (best !== undefined) return best.policy;
    }
    return undefined;
  }

  #add(
    object: { readonly metadata: ObjectMeta; readonly spec: PackedSpec },
  ): void {
    const { metadata } = object;
    const spec = unpackSpec(object.spec);
    const warn = (line: string) =>
      this.warnings.push(`DestinationRule "${nameOf(object)}": ${line}`);
    const { success, output, issues } = v.safeParse(ruleSpec, spec);
    if (!success) {
      const { path, ...problem } = problemOfIssue(issues[0]);
      const why = formatProblem({ ...problem, path: ["spec", ...path] });
      return void warn(`${why}; the rule is not used`);
    }
    for (const path of unreadFields(spec, output, ["spec"])) {
      warn(`${formatPath(path)} is not supported and does nothing`);
    }
    const { host, exportTo } = output;
    this.#rules.push({
      metadata,
      host: this.#fullHost(host.toLowerCase(), metadata.namespace),
      exportTo,
      policy: policyOf(output, warn),
    });
  }

  #fullHost(host: string, namespace: string): string {
    return host.includes(".") || host.startsWith("*")
      ? host
      : `${host}.${namespace}.svc.${this.#settings.clusterDomain}`;
  }
}

const BALANCING: ReadonlyMap<string, UpstreamPolicy["balancing"]> = new Map([
  ["UNSPECIFIED", "LEAST_REQUEST"],
  ["LEAST_REQUEST", "LEAST_REQUEST"],
  ["LEAST_CONN", "LEAST_REQUEST"],
  ["ROUND_ROBIN", "ROUND_ROBIN"],
  ["RANDOM", "RANDOM"],
]);

function policyOf(
  { trafficPolicy: { loadBalancer, connectionPool } }: RuleSpec,
  warn: (line: string) => void,
): UpstreamPolicy {
  const simple = loadBalancer.simple ?? "UNSPECIFIED";
  const balancing = BALANCING.get(simple);
  if (balancing === undefined) {
    const path = "spec.trafficPolicy.loadBalancer.simple";
    const used = DEFAULT_UPSTREAM_POLICY.balancing;
    warn(`${path}: "${simple}" is not supported; ${used} is used`);
  }
  return {
    balancing: balancing ?? DEFAULT_UPSTREAM_POLICY.balancing,
    connectTimeoutMs: connectionPool.tcp.connectTimeout ||
      DEFAULT_UPSTREAM_POLICY.connectTimeoutMs,
  };
}

function isExported({ exportTo, metadata }: Rule, to: string): boolean {
  return exportTo.length === 0 || exportTo.includes("*") ||
    exportTo.includes(to) ||
    (exportTo.includes(".") && metadata.namespace === to);
}

const names = (host: string, hostname: string): boolean =>
  host.startsWith("*")
    ? hostname.endsWith(host.slice(1)) && hostname !== host.slice(1)
    : host === hostname;

/** Exact before wildcard, the longer wildcard first, then the older rule. */
function mostSpecific(a: Rule, b: Rule): number {
  return Number(a.host.startsWith("*")) - Number(b.host.startsWith("*")) ||
    b.host.length - a.host.length || (ageKey(a) < ageKey(b) ? -1 : 1);
}

const ageKey = ({ metadata: { creationTimestamp = "", name } }: Rule): string =>
  `${creationTimestamp} ${name}`;
