/** Thrown when hairpin's own code broke a promise: always a bug, never a peer's doing. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

/**
 * Catches our own bugs. What a peer sends is answered with a protocol error.
 *
 * @throws {AssertionError} when `condition` is false.
 */
export function assert(condition: boolean, what: string): asserts condition {
  if (!condition) throw new AssertionError(what);
}
