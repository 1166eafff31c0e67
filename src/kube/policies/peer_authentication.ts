/**
 * PeerAuthentications as L4 policies: STRICT is a DENY of every peer without a
 * principal. DISABLE counts as PERMISSIVE, as in every ambient mesh.
 *
 * @see https://istio.io/latest/docs/reference/config/security/peer_authentication/
 */
import {
  EMPTY_MATCH,
  type Policy,
  type PolicyMatch,
  type PolicyRule,
} from "../../model/policy.ts";
import type { PolicyKey } from "../../model/workload.ts";
import { groupBy, type MeshObjects } from "../mesh_objects.ts";
import { nameOf, type PeerAuthenticationObject } from "../objects.ts";
import { selectorOf } from "./policies.ts";
import { hasLabels, type Labels } from "../selectors.ts";
import type { MeshSettings } from "../settings.ts";

const WITHOUT_PRINCIPAL: PolicyMatch = {
  ...EMPTY_MATCH,
  notPrincipals: [{ kind: "presence" }],
};

/** One mesh's PeerAuthentications and which of them is in force where. */
export class PeerAuthentications {
  readonly warnings: readonly string[];
  readonly #rootNamespace: string;
  readonly #byNamespace: ReadonlyMap<
    string,
    readonly PeerAuthenticationObject[]
  >;
  /** Policies for the objects that except ports, by the object's name. */
  readonly #converted = new Map<string, Policy>();

  constructor(
    objects: MeshObjects,
    { rootNamespace }: Pick<MeshSettings, "rootNamespace">,
  ) {
    this.#rootNamespace = rootNamespace;
    // Of several at one level the oldest is in force; names break ties.
    const all = objects.all("PeerAuthentication")
      .toSorted((a, b) => ageKey(a) < ageKey(b) ? -1 : 1);
    this.#byNamespace = groupBy(all, ({ metadata }) => metadata.namespace);
    for (const object of all) {
      const policy = this.#convert(object);
      if (policy !== undefined) this.#converted.set(nameOf(object), policy);
    }
    this.warnings = all.filter((object) => this.#isLost(object)).map((object) =>
      `PeerAuthentication "${nameOf(object)}" is not in force: ` +
      this.#whyLost(object)
    );
  }

  /** All policies that there are; workloads name the ones that they are under. */
  policies(): Policy[] {
    if (this.#byNamespace.size === 0) return [];
    return [this.#strictPolicy(), ...this.#converted.values()];
  }

  /** The policies that a workload is under. */
  keysFor(namespace: string, labels: Labels): PolicyKey[] {
    const own = this.#ofWorkload(namespace, labels);
    const exception = own && this.#converted.get(nameOf(own));
    if (exception !== undefined && coversRest(exception)) {
      return [exception.key];
    }
    const keys = this.#isStrict(own, namespace) ? [this.#strictKey] : [];
    return exception === undefined ? keys : [...keys, exception.key];
  }

  get #strictKey(): PolicyKey {
    return `${this.#rootNamespace}/${STRICT_NAME}`;
  }

  #strictPolicy(): Policy {
    return denyOf(this.#rootNamespace, STRICT_NAME, [[[WITHOUT_PRINCIPAL]]]);
  }

  /** Whether a port that is not named is STRICT: own mode, else the namespace's, else the mesh's. */
  #isStrict(
    own: PeerAuthenticationObject | undefined,
    namespace: string,
  ): boolean {
    const levels = [own, this.#ofNamespace(namespace), this.#ofMesh()];
    const mode = levels.map((level) => level?.spec.mtls?.mode ?? "UNSET")
      .find((mode) => mode !== "UNSET");
    return mode === "STRICT";
  }

  #ofMesh(): PeerAuthenticationObject | undefined {
    return this.#ofNamespace(this.#rootNamespace);
  }

  #ofNamespace(namespace: string): PeerAuthenticationObject | undefined {
    return this.#byNamespace.get(namespace)?.find((object) =>
      selectorLabels(object) === undefined
    );
  }

  /** In the root namespace a selector has no meaning, so nothing there is for single workloads. */
  #ofWorkload(
    namespace: string,
    labels: Labels,
  ): PeerAuthenticationObject | undefined {
    if (namespace === this.#rootNamespace) return undefined;
    return this.#byNamespace.get(namespace)?.find((object) => {
      const selector = selectorLabels(object);
      return selector !== undefined && hasLabels(labels, selector);
    });
  }

  #convert(object: PeerAuthenticationObject): Policy | undefined {
    const { namespace, name } = object.metadata;
    if (namespace === this.#rootNamespace) return undefined;
    if (selectorLabels(object) === undefined) return undefined;
    const rules = portRules(object, this.#isStrict(object, namespace));
    return rules.length === 0
      ? undefined
      : denyOf(namespace, `${CONVERTED_PREFIX}${name}`, rules);
  }

  #isLost(object: PeerAuthenticationObject): boolean {
    const { namespace } = object.metadata;
    return selectorLabels(object) === undefined
      ? this.#ofNamespace(namespace) !== object
      : namespace === this.#rootNamespace;
  }

  #whyLost(object: PeerAuthenticationObject): string {
    const { namespace } = object.metadata;
    return selectorLabels(object) === undefined
      ? `"${nameOf(this.#ofNamespace(namespace)!)}" is older`
      : `it selects workloads from the root namespace "${namespace}"`;
  }
}

/** The name that istiod gives the policy behind every STRICT. */
const STRICT_NAME = "istio_converted_static_strict";
const CONVERTED_PREFIX = "converted_peer_authentication_";

const selectorLabels = ({ spec }: PeerAuthenticationObject) =>
  selectorOf(spec.selector?.matchLabels);

const ageKey = (object: PeerAuthenticationObject): string =>
  `${object.metadata.creationTimestamp ?? ""} ${nameOf(object)}`;

/**
 * Under a STRICT rest: one rule that denies peers without principal on all
 * ports but the excepted ones. Else: a rule for each STRICT port.
 */
function portRules(
  { spec }: PeerAuthenticationObject,
  restIsStrict: boolean,
): PolicyRule[] {
  const modes = Object.entries(spec.portLevelMtls ?? {})
    .map(([port, { mode }]) => ({ port: Number(port), mode }));
  if (!restIsStrict) {
    return modes.filter(({ mode }) => mode === "STRICT").map(({ port }) => [
      [{ ...WITHOUT_PRINCIPAL, destinationPorts: [port] }],
    ]);
  }
  const excepted = modes.filter(({ mode }) =>
    mode === "PERMISSIVE" || mode === "DISABLE"
  );
  if (excepted.length === 0) return [];
  return [[
    [WITHOUT_PRINCIPAL],
    ...excepted.map(({ port }) => [
      { ...EMPTY_MATCH, notDestinationPorts: [port] },
    ]),
  ]];
}

/** Whether a converted policy speaks for all ports, and so stands in for the STRICT one. */
const coversRest = (policy: Policy): boolean =>
  policy.rules.some((rule) => rule.length > 1);

function denyOf(
  namespace: string,
  name: string,
  rules: readonly PolicyRule[],
): Policy {
  return {
    key: `${namespace}/${name}`,
    name,
    namespace,
    scope: "WorkloadSelector",
    action: "Deny",
    dryRun: false,
    rules,
  };
}
