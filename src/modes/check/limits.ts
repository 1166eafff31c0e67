/** Longest wait for one live probe; ours: on one node an answer takes milliseconds. */
export const PROBE_MS = 5_000;

/** Pause between two looks at what a probe came to; ours. */
export const PROBE_LOOK_MS = 50;

/** Longest wait for the Kubernetes API's lists of a node's pods; ours: they take less than a second each. */
export const KUBE_MS = 20_000;

/** Longest run of one program that reads the kernel's state; ours. */
export const READ_MS = 10_000;

/** Most namespaces looked at for a whole node; ours: twice what a kubelet runs by default. */
export const NAMESPACES_MAX = 256;

/** Most differences named in one line; ours: the rest is counted. */
export const NAMED_MAX = 3;

/** Fewest descriptors a proxy may be limited to; ours: two for each of some 8,000 connections. */
export const DESCRIPTORS_MIN = 16_384;

/** Share of the connection table that may be in use; ours: above it a burst drops connections. */
export const CONNTRACK_FILL_MAX = 0.95;

/** Smallest connection table; ours: two entries for each of some 8,000 connections, as with {@link DESCRIPTORS_MIN}. */
export const CONNTRACK_MIN = 16_384;

/** Longest list of a kernel's modules that is read, in octets; ours: some ten times a distribution's. */
export const MODULE_LIST_MAX = 16 * 1024 * 1024;

/** Longest file of a network that is read, in octets; ours: some hundred times a usual one. */
export const NETWORK_FILE_MAX = 1024 * 1024;

/** Most files of networks looked at; ours: a runtime uses the first. */
export const NETWORK_FILES_MAX = 64;

/** Most that is read of one log, in octets from its end; ours: some ten thousand lines. */
export const LOG_READ_MAX = 8 * 1024 * 1024;

/** Most lines of a journal that are read, from its end; ours: some {@link LOG_READ_MAX} octets. */
export const JOURNAL_LINES_MAX = 20_000;

/** Most names looked at in one folder of a kubelet's logs; ours: some times a node's pods. */
export const LOG_FILES_MAX = 1_024;

/** Pairs of pods whose packets are followed through the node's rules; ours: one plugin treats all alike. */
export const PACKETS_MAX = 4;
