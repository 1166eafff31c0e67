/** The Kubernetes manifests that hairpin ships, and the rights that they grant. */
import { parseAllDocuments } from "yaml";

/** Where they are; each folder in it is one kustomization. */
export const MANIFESTS = new URL("../../scripts/kubernetes", import.meta.url)
  .pathname;

/** An object as a manifest has it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

/** The Service `httpbin` behind the waypoint `waypoint`. @param ports Each one's name and number. */
export const fronted = (ports: Readonly<Record<string, number>>) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: {
    name: "httpbin",
    namespace: "default",
    labels: { "istio.io/use-waypoint": "waypoint" },
  },
  spec: {
    selector: { app: "httpbin" },
    ports: Object.entries(ports).map(([name, port]) => ({ name, port })),
  },
});

/** The documents of a YAML text. @throws {SyntaxError} at the first that does not parse. */
export function parseManifests(text: string): Manifest[] {
  return parseAllDocuments(text).map((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw new SyntaxError(error.message);
    return document.toJS() as Manifest;
  });
}

/** One thing that may be done to one kind of object. */
export interface Right {
  /** Where; undefined: everywhere. */
  readonly namespace: string | undefined;
  readonly group: string;
  readonly resource: string;
  readonly verb: string;
  /** Undefined: objects of any name. */
  readonly names: readonly string[] | undefined;
}

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** What roles grant, one right for each verb and resource. */
export function rightsOf(objects: readonly Manifest[]): Right[] {
  return objects.filter(({ kind }) => kind === "Role" || kind === "ClusterRole")
    .flatMap(({ kind, metadata, rules }) =>
      (rules as readonly Rule[]).flatMap((rule) =>
        rule.apiGroups.flatMap((group) =>
          rule.resources.flatMap((resource) =>
            rule.verbs.map((verb) => ({
              namespace: kind === "Role" ? metadata.namespace : undefined,
              group,
              resource,
              verb,
              names: rule.resourceNames,
            }))
          )
        )
      )
    );
}

/** `list pods`, `patch gateways/status.gateway.networking.k8s.io`. */
export const titleOf = (
  { verb, group, resource }: Pick<Right, "verb" | "group" | "resource">,
): string => `${verb} ${resource}${group === "" ? "" : `.${group}`}`;

/** The objects that grant an account these rights and no others. */
export function grants(
  rights: readonly Right[],
  account: { readonly name: string; readonly namespace: string },
): object[] {
  const subjects = [{ kind: "ServiceAccount", ...account }];
  const places = new Set(rights.map(({ namespace }) => namespace));
  return [...places].flatMap((namespace) => {
    const prefix = namespace === undefined ? "Cluster" : "";
    const metadata = {
      name: `test-${account.name}`,
      ...namespace !== undefined && { namespace },
    };
    const apiVersion = "rbac.authorization.k8s.io/v1";
    const apiGroup = "rbac.authorization.k8s.io";
    const rules = rights.filter((right) => right.namespace === namespace)
      .map(({ group, resource, verb, names }) => ({
        apiGroups: [group],
        resources: [resource],
        verbs: [verb],
        ...names !== undefined && { resourceNames: names },
      }));
    const roleRef = { apiGroup, kind: `${prefix}Role`, name: metadata.name };
    return [
      { apiVersion, kind: `${prefix}Role`, metadata, rules },
      {
        apiVersion,
        kind: `${prefix}RoleBinding`,
        metadata,
        roleRef,
        subjects,
      },
    ];
  });
}
