/**
 * How hairpin is run, from source and as a binary: the collector's turns on a
 * thread that has connections are short.
 *
 * Threads beside it mark what lives. Without these flags a data worker would do
 * much of that itself, step by step, and hear no connection for 10 to 20 ms;
 * and a scavenge would copy the survivors of 16 MiB in place of 4.
 */
export const V8_FLAGS =
  "--v8-flags=--no-incremental-marking-task,--max-semi-space-size=4";
