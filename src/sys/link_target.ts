import { cString, libc } from "./libc.ts";

/** Longest path that Linux knows, in octets. */
const PATH_MAX = 4_096;

/**
 * Where a symbolic link leads, such as one below `/proc/PID/fd`, for which the
 * runtime would want all rights.
 *
 * @returns undefined when it is none, or not for us.
 */
export function linkTarget(path: string): string | undefined {
  const octets = new Uint8Array(PATH_MAX);
  const length = Number(
    libc.readlink(cString(path), octets, BigInt(octets.length)),
  );
  return length < 0
    ? undefined
    : new TextDecoder().decode(octets.subarray(0, length));
}
