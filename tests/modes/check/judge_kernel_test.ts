import {
  judgeConntrack,
  judgeDevices,
  judgeForwarding,
  judgeModules,
} from "../../../src/modes/check/judge_kernel.ts";
import { testJudgements } from "./judged.ts";

const IPTABLES = [
  "xt_REDIRECT",
  "xt_connmark",
  "xt_mark",
  "xt_CT",
  "xt_owner",
  "xt_tcpudp",
  "xt_comment",
];
const builtin = ["nf_conntrack", "nf_nat"]
  .map((name) => `kernel/net/netfilter/${name}.ko\n`).join("");
const loadable = (names: readonly string[]) =>
  names.map((name) => `kernel/net/netfilter/${name}.ko.zst: kernel/x.ko\n`)
    .join("");
const kernel = {
  release: "6.1.0-1",
  loaded: "xt_CT 16384 2 - Live 0x0\n",
  builtin,
  loadable: loadable(IPTABLES.slice(0, -1)),
};

testJudgements([
  [judgeForwarding({ v4: "1", v6: "1" }), "ok", /^on$/],
  [judgeForwarding({ v4: "1", v6: undefined }), "ok", /^on$/],
  [judgeForwarding({ v4: "0", v6: "1" }), "failed", /: net.ipv4.ip_forward$/],
  [
    judgeForwarding({ v4: "1", v6: "0" }),
    "failed",
    /net\.ipv6\.conf\.all\.forwarding/,
  ],
  [
    judgeDevices([
      { kind: "veth" },
      { kind: "vxlan" },
      { kind: "geneve", failure: "no" },
      { kind: "gre", failure: "no" },
    ]),
    "ok",
    /^veth; of tunnels the kernel makes: vxlan; not: geneve, gre$/,
  ],
  [
    judgeDevices([{ kind: "veth", failure: "Unknown device type" }]),
    "failed",
    /Unknown device type/,
  ],
  [judgeConntrack("10", "16384"), "ok", /^10 of 16384$/],
  [judgeConntrack("10", "16383"), "warning", /^room for 16383 only/],
  [judgeConntrack("10", "0"), "ok", /^10 of 0$/],
  [judgeConntrack("95", "100"), "failed", /dropped/],
  [judgeConntrack(undefined, undefined), "failed", /tracks no/],
  [judgeModules(kernel, []), "ok", /^2 at hand$/],
  [judgeModules(kernel, ["iptables"]), "warning", /lacks xt_comment$/],
  [
    judgeModules({ ...kernel, loadable: loadable(IPTABLES) }, ["iptables"]),
    "ok",
    /^9 at hand$/,
  ],
  [
    judgeModules(kernel, ["nft"]),
    "warning",
    /nft_redir; nft_ct; nft_chain_nat$/,
  ],
  [
    judgeModules({ ...kernel, loadable: undefined }, ["nft"]),
    "ok",
    /no list of them for 6\.1/,
  ],
]);
