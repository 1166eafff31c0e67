/** Settings that exist and that this version refuses, with the words in which it does. */
import { ConfigError } from "../../src/base/errors.ts";
import {
  type Machine,
  parseConfig,
  type Variables,
} from "../../src/config/mod.ts";

/** A machine outside of any cluster. */
const MACHINE: Machine = {
  hostname: "node-1",
  cpus: 4,
  ipv6Loopback: true,
  fileExists: () => false,
  readFile: () => undefined,
  parseYaml: () => undefined,
};

const NODE = ["--mode", "node", "--config", "mesh", "--ca-dir", "ca"];
const WAYPOINT = [
  ...["--mode", "waypoint", "--gateway", "default/waypoint"],
  ...["--config", "mesh", "--ca-dir", "ca"],
];

const ASKED: readonly (readonly [readonly string[], Variables])[] = [
  [WAYPOINT, { XDS_ADDRESS: "https://istiod:15012", XDS_ON_DEMAND: "true" }],
  [WAYPOINT, {
    PROXY_MODE: "dedicated",
    PROXY_WORKLOAD_INFO: "default/sleep/sleep",
  }],
  [NODE, { ENABLE_PROXY: "false" }],
  [NODE, { PACKET_MARK: "1" }],
  [WAYPOINT, { UNSTABLE_ENABLE_SOCKS5: "true" }],
  [NODE, { COMPLIANCE_POLICY: "pqc" }],
];

/** One line for each: what the start ends with. */
export const refusals = (): readonly string[] =>
  ASKED.map(([args, variables]) => refusalOf(args, variables));

function refusalOf(args: readonly string[], variables: Variables): string {
  try {
    parseConfig(args, variables, MACHINE);
  } catch (reason) {
    if (reason instanceof ConfigError) return reason.message;
    throw reason;
  }
  throw new Error(
    `refusal of ${
      JSON.stringify(variables)
    }: it is accepted; take it off the list`,
  );
}
