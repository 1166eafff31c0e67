/** What label values have in common. */

/** What stands for a value that is missing or empty. */
export const UNKNOWN = "unknown";

/** `value`, or what stands for it when it is missing or empty. */
export const known = (value: string | undefined, missing = UNKNOWN): string =>
  value || missing;
