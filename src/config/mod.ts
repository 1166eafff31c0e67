/** Flags, variables and ProxyConfig, read into one typed configuration. */
export * from "./config.ts";
export type { Machine } from "./machine.ts";
export { parseConfig } from "./parse_config.ts";
export type { Variables } from "./settings.ts";
export { helpText } from "./help.ts";
