/** Regular expressions from configuration: RE2's language, in time linear in the text. */
import { RE2JS } from "re2js";

/**
 * Longest expression, in characters. Default 1_024: that of a path match in
 * the Gateway API; one of 100_000 takes 0.1 s to compile.
 */
export const REGEX_LENGTH_MAX = 1_024;

/** Whether an expression matches all of a text. */
export type FullMatch = (text: string) => boolean;

/** @returns undefined when the pattern is too long or is not RE2's. */
export function compileFullMatch(pattern: string): FullMatch | undefined {
  if (pattern.length > REGEX_LENGTH_MAX) return undefined;
  try {
    const regex = RE2JS.compile(pattern);
    return (text) => regex.matches(text);
  } catch {
    return undefined;
  }
}
