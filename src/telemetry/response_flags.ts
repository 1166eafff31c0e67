/** What became of a request or connection at a waypoint, in Envoy's short names. */
import { assert } from "../base/assert.ts";

/** All of Envoy's flags, in the order in which it prints several. */
export const ENVOY_FLAGS = [
  /** Local health check failed. */
  "LH",
  /** No healthy endpoint. */
  "UH",
  /** The request took too long. */
  "UT",
  /** We reset the upstream stream. */
  "LR",
  /** The upstream reset the stream. */
  "UR",
  /** The upstream could not be connected to. */
  "UF",
  /** The upstream closed the connection. */
  "UC",
  /** A circuit breaker was open, or the budget forbade another retry. */
  "UO",
  /** No route, or for TCP nobody to take the connection. */
  "NR",
  /** A fault of the configuration: a delay. */
  "DI",
  /** A fault of the configuration: an abort. */
  "FI",
  /** Rate limited. */
  "RL",
  /** Refused by the external authorizer. */
  "UAEX",
  /** The rate limit service failed. */
  "RLSE",
  /** The client went away. */
  "DC",
  /** All attempts at retries or connects are used up. */
  "URX",
  /** The stream was idle for too long. */
  "SI",
  /** A header that is checked strictly was bad. */
  "IH",
  /** The client broke the protocol. */
  "DPE",
  /** The upstream stream took too long. */
  "UMSDR",
  /** Answered from a cache. */
  "RFCF",
  /** A filter has no configuration. */
  "NFCF",
  /** The connection or request lasted too long. */
  "DT",
  /** The upstream broke the protocol. */
  "UPE",
  /** The backend is not known. */
  "NC",
  /** The overload manager refused it. */
  "OM",
  /** The upstream's name did not resolve. */
  "DF",
  /** Dropped for overload. */
  "DO",
] as const;

export type EnvoyFlag = typeof ENVOY_FLAGS[number];

/** What stands for no flag at all. */
const NO_FLAGS = "-";

/** Comma-joined, each once and in Envoy's order; `-` for none. */
export function formatFlags(flags: readonly EnvoyFlag[]): string {
  if (flags.length === 0) return NO_FLAGS;
  if (flags.length === 1) return flags[0]!;
  return ENVOY_FLAGS.filter((flag) => flags.includes(flag)).join(",");
}

/** Reads what {@link formatFlags} writes, as decisions give it. Anything else is our own bug. */
export function parseFlags(text: string): readonly EnvoyFlag[] {
  if (text === NO_FLAGS) return [];
  return text.split(",").map((name) => {
    assert(isEnvoyFlag(name), `response flag "${name}"`);
    return name;
  });
}

const isEnvoyFlag = (name: string): name is EnvoyFlag =>
  (ENVOY_FLAGS as readonly string[]).includes(name);
