/** Durations as Kubernetes objects spell them. */

const UNITS_MS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
  us: 1e-3,
  ns: 1e-6,
};

/**
 * The Gateway API's form: `1h30m`, `500ms`; whole numbers, up to four parts.
 *
 * @returns milliseconds; undefined for anything else.
 * @see GEP-2257
 */
export const durationMs = (text: string): number | undefined =>
  /^([0-9]{1,5}(h|m|s|ms)){1,4}$/.test(text) ? sumMs(text) : undefined;

/**
 * Go's form, which Istio's objects use: with fractions and finer units too.
 *
 * @returns milliseconds; undefined for anything else.
 */
export const goDurationMs = (text: string): number | undefined =>
  /^([0-9]{1,9}(\.[0-9]{1,9})?(h|ms|m|s|us|ns)){1,6}$/.test(text)
    ? sumMs(text)
    : undefined;

function sumMs(text: string): number {
  let sum = 0;
  for (const [, digits, unit] of text.matchAll(/([0-9.]+)([a-z]+)/g)) {
    sum += Number(digits) * UNITS_MS[unit!]!;
  }
  return sum;
}
