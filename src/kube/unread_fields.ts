/**
 * Where an object has a field that its schema does not know, so that nothing
 * of it was used.
 *
 * @param read What an open schema made of `raw`, of the same shape.
 */
export function unreadFields(
  raw: unknown,
  read: unknown,
  path: readonly (string | number)[],
): (readonly (string | number)[])[] {
  if (!isContainer(raw) || !isContainer(read)) return [];
  return Object.entries(raw).flatMap(([key, value]) => {
    const here = [...path, Array.isArray(raw) ? Number(key) : key];
    return Object.hasOwn(read, key)
      ? unreadFields(value, (read as Record<string, unknown>)[key], here)
      : [here];
  });
}

const isContainer = (value: unknown): value is object =>
  typeof value === "object" && value !== null;
