import { CNI_CODES, CniError } from "./errors.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * @param what Names the text in the error.
 * @throws {CniError} when the text is no JSON object.
 */
export function readJson(text: string, what: string): JsonObject {
  const value = parsed(text);
  if (isObject(value)) return value;
  throw new CniError(
    CNI_CODES.cannotDecode,
    `Cannot read the ${what}: not a JSON object`,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
