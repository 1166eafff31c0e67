import { RedirectError } from "../errors.ts";

/** What `ip -json` printed. @throws {RedirectError} when that is no list. */
export function jsonRows(text: string): Record<string, unknown>[] {
  if (text.trim() === "") return [];
  let rows: unknown;
  try {
    rows = JSON.parse(text);
  } catch (cause) {
    throw new RedirectError(
      `Cannot read the output of "ip -json": not JSON (hint: iproute2 4.17 or later is needed)`,
      { cause },
    );
  }
  return Array.isArray(rows) ? rows : [];
}
