/** One Kubernetes object, from YAML or from the API, read and checked. */
import * as v from "valibot";
import { isKnownKind, KINDS } from "./kinds.ts";
import { PROBLEMS_MAX } from "./limits.ts";
import type { KubeObject } from "./objects.ts";
import { type Problem, problemOfIssue } from "./problem.ts";
import { annotationProblems } from "./annotations.ts";
import { shapeProblem, withoutNulls } from "./shape.ts";

export type Parsed =
  | { readonly kind: "object"; readonly object: KubeObject }
  /** A kind that is none of hairpin's business: `apiVersion/Kind`. */
  | { readonly kind: "unknown"; readonly name: string }
  /** A kind that is, and an object that is not, such as most ConfigMaps. */
  | { readonly kind: "aside" }
  | { readonly kind: "bad"; readonly problems: readonly Problem[] };

/**
 * Reads one object.
 *
 * A field that is null counts as absent, as the API server has it; in the
 * security kinds it is an error, as every field is that is not known.
 */
export function parseObject(raw: unknown): Parsed {
  const shape = shapeProblem(raw);
  if (shape !== undefined) return bad([shape]);
  const { apiVersion, kind } = raw as Record<string, unknown>;
  if (typeof apiVersion !== "string" || apiVersion === "") {
    return bad([{ path: ["apiVersion"], why: "is missing" }]);
  }
  if (typeof kind !== "string" || kind === "") {
    return bad([{ path: ["kind"], why: "is missing" }]);
  }
  if (!isKnownKind(kind)) {
    return { kind: "unknown", name: `${apiVersion}/${kind}` };
  }
  return parseKnown(raw, apiVersion, kind);
}

function parseKnown(
  raw: unknown,
  apiVersion: string,
  kind: KubeObject["kind"],
): Parsed {
  const row = KINDS[kind];
  if (!row.apiVersions.test(apiVersion)) {
    return sameGroup(apiVersion, row.apiVersions)
      ? bad([{
        path: ["apiVersion"],
        value: apiVersion,
        why: `is no version of ${kind} that hairpin knows`,
      }])
      : { kind: "unknown", name: `${apiVersion}/${kind}` };
  }
  if (row.only !== undefined && row.only !== nameIn(raw)) {
    return { kind: "aside" };
  }
  const input = row.strict ? withoutMetadataNulls(raw) : withoutNulls(raw);
  const result = v.safeParse(row.schema, input);
  if (!result.success) {
    return bad(result.issues.slice(0, PROBLEMS_MAX).map(problemOfIssue));
  }
  const object = inNamespace(result.output as KubeObject, row.namespaced);
  const problems = annotationProblems(object);
  return problems.length > 0 ? bad(problems) : { kind: "object", object };
}

/** The name of an object that is not checked yet. */
const nameIn = (raw: unknown): unknown =>
  (raw as { metadata?: { name?: unknown } | null }).metadata?.name;

const bad = (problems: readonly Problem[]): Parsed => ({
  kind: "bad",
  problems,
});

/** A kind of the same name in another group is another kind (Knative's Service). */
function sameGroup(apiVersion: string, known: RegExp): boolean {
  const [group = "", version] = apiVersion.split("/");
  return known.test(version === undefined ? "v1" : `${group}/v1`);
}

function inNamespace(object: KubeObject, namespaced: boolean): KubeObject {
  const namespace = namespaced ? object.metadata.namespace || "default" : "";
  return { ...object, metadata: { ...object.metadata, namespace } };
}

/** `creationTimestamp: null` is what kubectl itself prints. */
function withoutMetadataNulls(raw: unknown): unknown {
  const object = raw as Record<string, unknown>;
  return { ...object, metadata: withoutNulls(object.metadata) };
}
