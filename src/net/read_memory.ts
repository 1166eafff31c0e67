import { READ_MAX } from "./limits.ts";

/**
 * The memory that all sockets of this thread are read into, and records of TLS
 * are opened into: whoever is told of octets has taken or copied them when the
 * call returns, and only then is there another read.
 */
export const readMemory = new Uint8Array(READ_MAX);
