import { ENTRY_OVERHEAD } from "./limits.ts";

/**
 * One field line. Each code unit of the strings is one octet (0 to 255), so
 * that any value passes unchanged. `neverIndexed` marks a field that no hop may
 * put into a table (RFC 7541, section 6.2.3); a proxy keeps it by handing on
 * the tuple.
 */
export type HeaderField = readonly [
  name: string,
  value: string,
  neverIndexed?: true,
];

/** Field lines in the order in which they were or will be sent. */
export type HeaderList = readonly HeaderField[];

/** What a field counts in a table and in a list (RFC 7541, section 4.1). */
export function fieldSize(name: string, value: string): number {
  return name.length + value.length + ENTRY_OVERHEAD;
}
