import type { BaseIssue } from "valibot";
import { VALUE_EXCERPT_MAX } from "./limits.ts";

/** One thing that is wrong with an object. */
export interface Problem {
  /** Keys and list positions from the object's root. */
  readonly path: readonly (string | number)[];
  /** What was found there; undefined when it is not the value that is wrong. */
  readonly value?: unknown;
  /** Finishes the sentence: "is not a port", "is missing". */
  readonly why: string;
}

/** `spec.rules[0].to: "x" is not a list`: one line whatever the input holds. */
export function formatProblem({ path, value, why }: Problem): string {
  const found = value === undefined ? why : `${excerpt(value)} ${why}`;
  return path.length === 0 ? found : `${formatPath(path)}: ${found}`;
}

/** `spec.rules[0].from`, `metadata.labels["a.b/c"]`. */
export function formatPath(path: readonly (string | number)[]): string {
  let text = "";
  for (const key of path) {
    if (typeof key === "number") text += `[${key}]`;
    else if (!/^[\w-]+$/.test(key)) text += `[${excerpt(key)}]`;
    else text += text === "" ? key : `.${key}`;
  }
  return text;
}

function excerpt(value: unknown): string {
  if (typeof value === "object" && value !== null) {
    return Array.isArray(value) ? "a list" : "a mapping";
  }
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= VALUE_EXCERPT_MAX
    ? text
    : `${text.slice(0, VALUE_EXCERPT_MAX)}…`;
}

/** A valibot issue in hairpin's words. */
export function problemOfIssue(issue: BaseIssue<unknown>): Problem {
  const path = (issue.path ?? []).map(({ key }) =>
    typeof key === "number" ? key : String(key)
  );
  if (issue.kind === "schema" && issue.expected === "never") {
    return { path, why: "unknown field" };
  }
  if (issue.input === undefined) return { path, why: "is missing" };
  const value = issue.path?.at(-1)?.value ?? issue.input;
  // A check of a whole mapping or list says what is wrong in its own words.
  return issue.kind === "validation" && typeof value === "object"
    ? { path, why: issue.message }
    : { path, value, why: issue.message };
}
