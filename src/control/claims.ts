import { isEqual } from "../model/diff.ts";

/** Instead of a thing: what the source says of it is what holds. */
export const HOLDS = "";

/**
 * What one source says of the things of one kind, by key. What holds is kept
 * where everybody reads it, and not here a second time.
 */
export interface Claims<T> {
  readonly size: number;
  keys(): Iterable<string>;
  has(key: string): boolean;
  get(key: string): T | typeof HOLDS | undefined;
  set(key: string, said: T | typeof HOLDS): unknown;
  delete(key: string): boolean;
}

/** What a source says anew, and what it takes back. */
export interface Step<T> {
  readonly put: readonly (readonly [key: string, item: T])[];
  readonly remove: readonly string[];
}

/** What a step changes for everybody. */
export interface Change<T> {
  readonly put: T[];
  readonly removed: string[];
}

/**
 * Takes a step into what its source says. The newest word holds; what is taken
 * back leaves the word of the newest of the other sources.
 *
 * @param holding What holds, as it was before the step.
 */
export function merge<T>(
  own: Claims<T>,
  others: readonly Claims<T>[],
  holding: (key: string) => T | undefined,
  step: Step<T>,
): Change<T> {
  const change: Change<T> = { put: [], removed: [] };
  const within = new Map<string, T>();
  const now = (key: string): T | undefined => within.get(key) ?? holding(key);
  const hold = (claims: Claims<T>, key: string, item: T): void => {
    claims.set(key, HOLDS);
    within.set(key, item);
    change.put.push(item);
  };
  for (const [key, item] of step.put) {
    const said = own.get(key);
    if (isEqual(said === HOLDS ? now(key) : said, item)) continue;
    const before = others.find((claims) => claims.get(key) === HOLDS);
    const overruled = before && now(key);
    if (overruled !== undefined) before?.set(key, overruled);
    hold(own, key, item);
  }
  for (const key of step.remove) {
    const said = own.get(key);
    if (!own.delete(key) || said !== HOLDS) continue;
    const heir = others.findLast((claims) => claims.has(key));
    const item = heir?.get(key);
    if (heir === undefined || item === undefined || item === HOLDS) {
      change.removed.push(key);
    } else hold(heir, key, item);
  }
  return change;
}
