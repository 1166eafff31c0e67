/** Octets drawn from the system at a time; its own page. */
const POOL_SIZE = 4_096;

let pool = new Uint8Array(0);

/**
 * Random octets, each given once. They are drawn by the page: connections ask
 * for few at a time, and each draw is a call out of the engine.
 *
 * @param count At most 65_536.
 */
export function randomOctets(count: number): Uint8Array {
  if (count > POOL_SIZE) return crypto.getRandomValues(new Uint8Array(count));
  if (pool.length < count) {
    pool = crypto.getRandomValues(new Uint8Array(POOL_SIZE));
  }
  const given = pool.subarray(0, count);
  pool = pool.subarray(count);
  return given;
}
