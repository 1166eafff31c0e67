/** Longest wait for one live probe; ours: on one node an answer takes milliseconds. */
export const PROBE_MS = 3_000;

/** Longest run of one program that reads the kernel's state; ours. */
export const READ_MS = 10_000;

/** Most namespaces looked at for a whole node; ours: twice what a kubelet runs by default. */
export const NAMESPACES_MAX = 256;

/** Most differences named in one line; ours: the rest is counted. */
export const NAMED_MAX = 3;

/** Fewest descriptors a proxy may be limited to; ours: two for each of some 8,000 connections. */
export const DESCRIPTORS_MIN = 16_384;
