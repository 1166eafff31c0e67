/** The mapping that a text of JSON is; undefined for anything else. */
export function asRecord(
  text: string,
): Readonly<Record<string, unknown>> | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null
      ? value as Record<string, unknown>
      : undefined;
  } catch {
    return undefined; // no JSON
  }
}
