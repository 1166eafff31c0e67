/** How many waypoints a connection has come through, so that a ring of them ends. */

/** Names that number in a CONNECT request; a proxy that turns a connection round passes it on. */
export const WAYPOINT_HOPS = "x-hairpin-hops";

/**
 * Waypoints that one connection may pass, one after the other. Own choice: more
 * than a route to another waypoint's service needs, and few enough that retries
 * at each of them do not add up to much.
 */
export const WAYPOINT_HOPS_MAX = 4;

/**
 * Reads the number that a peer tells, who may say anything.
 *
 * @param text As it came; undefined for a connection that no waypoint has passed.
 * @returns undefined when it is no number, or one that is above any.
 */
export function readHops(text: string | undefined): number | undefined {
  if (text === undefined) return 0;
  return /^\d{1,2}$/.test(text) ? Number(text) : undefined;
}
