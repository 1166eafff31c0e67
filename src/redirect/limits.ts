/** Patience with another program that holds the xtables lock, in seconds; as in Istio. */
export const XTABLES_WAIT_SECONDS = 30;

/** Patience with one `ip` command. */
export const IP_TIMEOUT_MS = 10_000;

/** Patience with one `nft` command; it waits for no lock. */
export const NFT_TIMEOUT_MS = 30_000;

/** Differences that an error names before it only counts the rest. */
export const DIFFERENCES_SHOWN_MAX = 3;

/** Longest interface name, `IFNAMSIZ` less its end. */
export const INTERFACE_NAME_MAX = 15;

/** Attempts at the host's rules when others change them at the same time. */
export const HOST_RULES_ATTEMPTS_MAX = 5;

/** Addresses of one family in the node's set of probed pods. Own choice: far above what a node runs. */
export const PROBED_PODS_MAX = 65_536;

/** Characters of an owner's name that its table is called by, so that the kernel's limit of 255 holds. */
export const OWNER_NAME_MAX = 200;

/** Open connections of one pod that are seen to; others end with their next packet. Own choice: some 20 MB. */
export const OPEN_CONNECTIONS_MAX = 65_536;
