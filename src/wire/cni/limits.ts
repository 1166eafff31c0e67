/** Bounds on what the CNI plugin and the node process read. */

/** Largest network configuration on stdin, in octets; a result of many addresses has a few thousand. */
export const CNI_INPUT_BYTES_MAX = 1_048_576;
/** Largest request or answer between plugin and node process, in octets. */
export const NODE_MESSAGE_BYTES_MAX = 65_536;
/** Addresses of one pod that are told to the node process. */
export const POD_ADDRESSES_MAX = 64;
/** Longest container id, pod name, namespace or path, in characters: Linux's PATH_MAX. */
export const CNI_TEXT_MAX = 4_096;
/** Names of excluded namespaces in the configuration. */
export const EXCLUDED_NAMESPACES_MAX = 1_000;
