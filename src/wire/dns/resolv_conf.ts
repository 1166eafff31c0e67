/** The resolvers of a machine. */
import { type Ip, parseIp } from "../../model/address.ts";

/** What resolv.conf(5) says, as far as a forwarder needs it. */
export interface ResolvConf {
  readonly servers: readonly Ip[];
  /** Wait for one server before the next is asked too, in ms; undefined when not said. */
  readonly timeoutMs: number | undefined;
  /** Rounds over the servers; undefined when not said. */
  readonly attempts: number | undefined;
  /** Whether to begin with another server each time. */
  readonly rotate: boolean;
}

/** Servers that are read, as in glibc. */
const SERVERS_MAX = 3;
/** Bounds of glibc. */
const TIMEOUT_MAX_SECONDS = 30;
const ATTEMPTS_MAX = 5;

/**
 * Reads resolv.conf(5); what it does not know is passed over, as there. Without
 * a server it is this machine's own, as there too.
 */
export function parseResolvConf(text: string): ResolvConf {
  const lines = text.split("\n").map((line) => line.trim().split(/\s+/));
  const servers = lines.flatMap(([key, value = ""]) => {
    const ip = key === "nameserver" ? parseIp(value) : undefined;
    return ip === undefined ? [] : [ip];
  });
  const options = lines.flatMap(([key, ...values]) =>
    key === "options" ? values : []
  );
  const seconds = optionOf(options, "timeout", TIMEOUT_MAX_SECONDS);
  return {
    servers: servers.length === 0
      ? ["127.0.0.1" as Ip]
      : servers.slice(0, SERVERS_MAX),
    timeoutMs: seconds && seconds * 1_000,
    attempts: optionOf(options, "attempts", ATTEMPTS_MAX),
    rotate: options.includes("rotate"),
  };
}

function optionOf(
  options: readonly string[],
  name: string,
  most: number,
): number | undefined {
  const text = options.findLast((option) => option.startsWith(`${name}:`));
  const value = Number(text?.slice(name.length + 1));
  return Number.isInteger(value) && value >= 1
    ? Math.min(value, most)
    : undefined;
}
