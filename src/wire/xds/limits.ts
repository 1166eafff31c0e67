/** Largest message of a stream, in octets; as in ztunnel. */
export const MESSAGE_OCTETS_MAX = 200 * 1024 * 1024;

/**
 * Largest single resource, in octets. Kubernetes keeps no object above some
 * 1.5 MiB, and one resource describes one object. Own choice.
 */
export const RESOURCE_OCTETS_MAX = 4 * 1024 * 1024;

/** Longest name of a resource, in characters: several times a host name's. Own choice. */
export const RESOURCE_NAME_MAX = 4096;

/** Longest text of a refusal that is sent back, in characters. Own choice. */
export const REFUSAL_TEXT_MAX = 16 * 1024;
