/** What is asked of configuration before its fields are looked at. */
import { OBJECT_DEPTH_MAX } from "./limits.ts";
import type { Problem } from "./problem.ts";

/** What no object may have: no mapping at its root, endless depth, keys that reach into prototypes. */
export function shapeProblem(
  value: unknown,
  path: readonly (string | number)[] = [],
): Problem | undefined {
  if (typeof value !== "object" || value === null) {
    return path.length === 0
      ? { path, value, why: "is not a mapping" }
      : undefined;
  }
  if (path.length > OBJECT_DEPTH_MAX) {
    return {
      path: path.slice(0, 4),
      why: `is nested deeper than ${OBJECT_DEPTH_MAX} levels`,
    };
  }
  const isList = Array.isArray(value);
  if (isList && path.length === 0) {
    return { path, value, why: "is not a mapping" };
  }
  for (const [key, item] of Object.entries(value)) {
    const here = [...path, isList ? Number(key) : key];
    if (key === "__proto__") {
      return { path: here, why: "is a key that is not allowed" };
    }
    const problem = shapeProblem(item, here);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** The same without fields that are null: for an API server they are absent. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).filter(([, item]) => item !== null)
      .map(([key, item]) => [key, withoutNulls(item)]),
  );
}
