/**
 * Which log lines are wanted, in the syntax of ztunnel's `RUST_LOG`: a comma
 * list of `level` and `target=level`. A target covers every scope that its text
 * is a prefix of, the longest one decides, and no match at all means off.
 */

/** From silent to chatty; the place in the list is the order. */
export const LOG_LEVELS = [
  "off",
  "error",
  "warn",
  "info",
  "debug",
  "trace",
] as const;

export type LogLevel = typeof LOG_LEVELS[number];

/** Levels by target; the empty target covers everything. */
export type LogFilter = ReadonlyMap<string, LogLevel>;

/**
 * Longest filter, in characters, as read and after merging: far above what
 * people write, and a bound on what a caller can make us hold.
 */
export const FILTER_TEXT_MAX = 4096;

/** 0 for `off` up to 5 for `trace`. */
export const rankOf = (level: LogLevel): number => LOG_LEVELS.indexOf(level);

/**
 * Reads a filter. Levels may be written in any case, and `target:level` for
 * `target=level`: istioctl's help tells people to, and ztunnel refuses it.
 *
 * @returns undefined when `text` is empty, too long, or an entry of it is
 *   neither a level nor `target=level`.
 */
export function parseFilter(text: string): LogFilter | undefined {
  if (text.length > FILTER_TEXT_MAX) return undefined;
  const filter = new Map<string, LogLevel>();
  for (const entry of text.split(",")) {
    const [target, levelText] = splitEntry(entry.trim());
    const level = parseLevel(levelText);
    if (level === undefined || !TARGET_SHAPE.test(target)) return undefined;
    filter.set(target, level);
  }
  return filter;
}

/** Empty, or what a scope can be made of: no control characters, no blanks. */
const TARGET_SHAPE = /^[\w:.\-]*$/;

function splitEntry(entry: string): [target: string, level: string] {
  const equals = entry.indexOf("=");
  const at = equals === -1 ? singleColon(entry) : equals;
  if (at === -1) return ["", entry];
  // An entry such as `=info` names no target: it must not pass as a default.
  return at === 0 ? ["", ""] : [entry.slice(0, at), entry.slice(at + 1)];
}

/** Where the colon before the level is, none of the pairs in a scope; or -1. */
function singleColon(entry: string): number {
  const at = entry.lastIndexOf(":");
  return entry[at - 1] === ":" ? 0 : at;
}

function parseLevel(text: string): LogLevel | undefined {
  const wanted = text.toLowerCase();
  return LOG_LEVELS.find((level) => level === wanted);
}

/** The filter as text, longest target first and the default level last. */
export function formatFilter(filter: LogFilter): string {
  return [...filter]
    .sort(([a], [b]) => b.length - a.length || (a < b ? 1 : -1))
    .map(([target, level]) => target === "" ? level : `${target}=${level}`)
    .join(",");
}

/**
 * Both filters as one; where they name the same target, `over` wins.
 *
 * @returns undefined when the result would be longer than a filter may be.
 */
export function mergeFilters(
  base: LogFilter,
  over: LogFilter,
): LogFilter | undefined {
  const merged = new Map([...base, ...over]);
  return formatFilter(merged).length <= FILTER_TEXT_MAX ? merged : undefined;
}

/** The most detailed level that `filter` lets through for one target. */
export function levelFor(filter: LogFilter, target: string): LogLevel {
  let longest = -1;
  let level: LogLevel = "off";
  for (const [prefix, itsLevel] of filter) {
    if (prefix.length <= longest || !target.startsWith(prefix)) continue;
    longest = prefix.length;
    level = itsLevel;
  }
  return level;
}
