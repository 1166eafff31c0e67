/**
 * Hashes of what matches want of a path (FNV-1a, 32 bits). Two texts may share
 * one: what is found by a hash has to be tested all the same.
 */

/** Hashes of different kinds are of different things, whatever the text. */
const SEEDS = {
  exact: 0x811c9dc5,
  prefix: 0x050c5d1f,
  grpcService: 0x9e3779b1,
  grpcMethod: 0x85ebca77,
} as const;

const PRIME = 0x01000193;

const fold = (hash: number, code: number): number =>
  Math.imul(hash ^ code, PRIME);

/** @returns 0 to 2 ** 32 - 1. */
export function pathHash(kind: keyof typeof SEEDS, text: string): number {
  let hash: number = SEEDS[kind];
  for (let at = 0; at < text.length; at++) {
    hash = fold(hash, text.charCodeAt(at));
  }
  return hash >>> 0;
}

/**
 * The hashes of every prefix of whole segments that a path has, the longest
 * first; the last is that of the empty one.
 *
 * @param lengthMax Characters of the longest that is asked for.
 */
export function prefixHashes(path: string, lengthMax: number): number[] {
  let hash: number = SEEDS.prefix;
  const hashes = [hash >>> 0];
  const end = Math.min(path.length, lengthMax);
  for (let length = 1; length <= end; length++) {
    hash = fold(hash, path.charCodeAt(length - 1));
    if (length === path.length || path[length] === "/") {
      hashes.push(hash >>> 0);
    }
  }
  return hashes.reverse();
}
