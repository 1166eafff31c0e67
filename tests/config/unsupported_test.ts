import assert from "node:assert/strict";
import { parseConfig } from "../../src/config/parse_config.ts";
import { MACHINE, NODE, refuses } from "./support.ts";

const CLUSTER = { KUBERNETES_SERVICE_HOST: "10.0.0.1" };

const WAYPOINT = [
  "--mode=waypoint",
  "--gateway=a/b",
  "--config=m",
  "--ca-dir=c",
];

const rows: [what: string, args: string[], variables: object][] = [
  ["PROXY_MODE dedicated in a waypoint", WAYPOINT, {
    PROXY_MODE: "dedicated",
    PROXY_WORKLOAD_INFO: "a/b/c",
  }],
  ["ENABLE_PROXY false with --redirect self", NODE, {
    ENABLE_PROXY: "false",
    ISTIO_META_DNS_CAPTURE: "true",
  }],
  [
    "PACKET_MARK 7 with --redirect self, whose rules know the proxy by 1337,",
    NODE,
    { PACKET_MARK: "7" },
  ],
  [
    "PACKET_MARK 7 with --redirect node, whose rules know the proxy by 1337,",
    [...NODE, "--redirect=node"],
    { PACKET_MARK: "7" },
  ],
  ["XDS_ON_DEMAND true in a waypoint", WAYPOINT, {
    XDS_ADDRESS: "i:1",
    XDS_ON_DEMAND: "true",
    ISTIO_META_DNS_CAPTURE: "false",
  }],
  [
    "UNSTABLE_ENABLE_SOCKS5 true in a waypoint",
    WAYPOINT,
    { UNSTABLE_ENABLE_SOCKS5: "true" },
  ],
  ['COMPLIANCE_POLICY "pqc"', NODE, { COMPLIANCE_POLICY: "pqc" }],
];
for (const [what, args, variables] of rows) {
  Deno.test(`parseConfig() refuses ${what}`, () => {
    const line = `${what} is not supported by this version`;
    refuses(line, args, { ...variables });
  });
}

const supported: [args: string[], kind: string, variables?: object][] = [
  [NODE, "run"],
  [["proxy", "ztunnel"], "run", CLUSTER],
  [NODE.slice(0, 4), "run", { FAKE_CA: "true" }],
  [["redirect", "apply", "--netns", "/n"], "redirect"],
  [["check"], "check"],
  [["version"], "version"],
];
for (const [args, kind, variables] of supported) {
  Deno.test(`parseConfig() lets "${args.join(" ")}" through`, () => {
    assert.equal(parseConfig(args, { ...variables }, MACHINE).kind, kind);
  });
}
