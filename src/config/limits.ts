/** Largest mesh configuration file or `PROXY_CONFIG`, in UTF-16 units. Own choice: real ones are a few hundred. */
export const PROXY_CONFIG_MAX = 1_048_576;
/** Most data-plane threads. Own choice: each costs 10 to 20 MB and needs a core. */
export const WORKERS_MAX = 256;
/** Longest time that a timer can wait, in ms: the runtime's 32-bit timers. */
export const TIMER_MAX_MS = 2_147_483_647;
/** Longest certificate lifetime that can be asked for, in ms: ten years. */
export const SECRET_TTL_MAX_MS = 315_360_000_000;
/** Longest keepalive time and interval, in ms: the kernel's 32767 seconds. */
export const KEEPALIVE_MAX_MS = 32_767_000;
/** Most keepalive probes that the kernel takes. */
export const KEEPALIVE_RETRIES_MAX = 127;
/** Longest path and longest name in one, in octets: the kernel's PATH_MAX and NAME_MAX, less their ends. */
export const PATH_MAX = 4_095;
/** See {@link PATH_MAX}. */
export const FILE_NAME_MAX = 255;
/** Longest value that an error message repeats, in characters. */
export const SHOWN_VALUE_MAX = 200;
