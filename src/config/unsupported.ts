import { ConfigError } from "../base/errors.ts";
import type { Command, Config } from "./config.ts";

/** Names what was asked for, or undefined when it was not. */
type Row<T> = (asked: T) => string | undefined;

const when = (asked: boolean, what: string): string | undefined =>
  asked ? what : undefined;

/** Whether pods get this process's own rules, in their namespaces or the node's. */
const redirectsItself = (c: Config): boolean =>
  c.mode === "node" && c.proxyMode === "shared" &&
  (c.redirect === "self" || c.redirect === "node");

/** Settings that are read, but whose feature this version does not have. */
const CONFIG_ROWS: readonly Row<Config>[] = [
  (c) =>
    when(
      c.xds?.onDemand === true && c.mode === "waypoint",
      "XDS_ON_DEMAND true in a waypoint",
    ),
  (c) =>
    when(
      c.proxyMode === "dedicated" && c.mode === "waypoint",
      "PROXY_MODE dedicated in a waypoint",
    ),
  (c) =>
    when(
      !c.proxyEnabled && redirectsItself(c),
      `ENABLE_PROXY false with --redirect ${c.redirect}`,
    ),
  (c) =>
    when(
      redirectsItself(c) && (c.packetMark ?? 0) % 0x1000 !== 0x539,
      `PACKET_MARK ${c.packetMark} with --redirect ${c.redirect}, whose rules know the proxy by 1337,`,
    ),
  (c) =>
    when(
      c.socks5 && c.mode === "waypoint",
      "UNSTABLE_ENABLE_SOCKS5 true in a waypoint",
    ),
  (c) => c.compliancePolicy && `COMPLIANCE_POLICY "${c.compliancePolicy}"`,
];

/**
 * Lets through what this version can do.
 *
 * @throws {ConfigError} naming the first thing asked for that it cannot.
 */
export function refuseUnsupported(command: Command): Command {
  const what = command.kind === "run" ? firstOf(command.config) : undefined;
  if (what === undefined) return command;
  throw new ConfigError(`${what} is not supported by this version`);
}

function firstOf(config: Config): string | undefined {
  for (const row of CONFIG_ROWS) {
    const what = row(config);
    if (what !== undefined) return what;
  }
  return undefined;
}
