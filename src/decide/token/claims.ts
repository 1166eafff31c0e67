/** Looking into the payload of a token. */

/**
 * What stands at a path in a payload.
 *
 * @returns undefined where the path leads nowhere; inherited members are nowhere.
 */
export function claimAt(
  payload: Readonly<Record<string, unknown>>,
  path: readonly string[],
): unknown {
  let value: unknown = payload;
  for (const name of path) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      return undefined;
    }
    if (!Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

/** The texts of a claim that is text or a list; numbers and objects have none. */
export function claimTexts(
  payload: Readonly<Record<string, unknown>>,
  path: readonly string[],
): readonly string[] {
  const value = claimAt(payload, path);
  if (typeof value === "string") return [value];
  if (!Array.isArray(value)) return [];
  return value.filter((item) => typeof item === "string");
}

/**
 * A payload in which some claims are lists: text is split at its spaces.
 *
 * @param claims Names in the payload's root.
 */
export function withSplitClaims(
  payload: Readonly<Record<string, unknown>>,
  claims: readonly string[],
): Readonly<Record<string, unknown>> {
  const split = Object.entries(payload).filter(([name, value]) =>
    typeof value === "string" && claims.includes(name)
  ).map((
    [name, value],
  ) => [name, (value as string).split(" ").filter(Boolean)]);
  return split.length === 0
    ? payload
    : { ...payload, ...Object.fromEntries(split) };
}
