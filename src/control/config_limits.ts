/** Largest configuration file, in bytes. Default 8 MiB: about 8,000 pods. */
export const CONFIG_FILE_BYTES_MAX = 8 * 1024 * 1024;

/** Files that the folders of `--config` may hold together. Default 1,000. */
export const CONFIG_FILES_MAX = 1_000;

/** Documents of one file. Default 20,000. */
export const CONFIG_DOCUMENTS_MAX = 20_000;

/** Values that YAML aliases of one document may stand for, together. Default 100, as the yaml package has it. */
export const YAML_ALIASES_MAX = 100;

/** Errors kept of one reading; the first few show what to do. */
export const CONFIG_ERRORS_MAX = 50;

/** Quiet time after a change before files are read again, in milliseconds. */
export const RELOAD_DEBOUNCE_MS = 200;

/** Longest that changes one after another may put a reading off, in milliseconds. */
export const RELOAD_DELAY_MAX_MS = 5_000;

/**
 * Time after which files are read again without a sign of change, in
 * milliseconds: a folder that was replaced, or one on a network, gives none.
 */
export const RELOAD_POLL_MS = 30_000;
