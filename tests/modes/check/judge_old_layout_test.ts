import {
  judgeOldLayout,
  type OldLayoutFacts,
} from "../../../src/modes/check/judge_old_layout.ts";
import { parseRuleset } from "../../../src/redirect/mod.ts";
import { testJudgements } from "./judged.ts";

const CLEAN: OldLayoutFacts = {
  links: "1: lo: <LOOPBACK,UP> mtu 65536\\    link/loopback\n" +
    "2: istioinner@if3: <UP> mtu 1500\\    link/ether\n",
  rules: "0:\tfrom all lookup local\n" +
    "100:\tfrom all fwmark 0x80000/0xf0000 lookup 100\n" +
    "103:\tfrom 10.0.0.0/8 lookup 100\n32766:\tfrom all lookup main\n",
  routes: new Map([[100, "local default dev lo scope host\n"], [101, ""]]),
  sets: "KUBE-CLUSTER-IP\nztunnel-pods-ips-2\n",
  all: [],
};
const UNKNOWN: OldLayoutFacts = {
  ...{ links: undefined, rules: undefined, sets: undefined },
  ...{ routes: new Map(), all: [] },
};
const judged = (found: Partial<OldLayoutFacts>) =>
  judgeOldLayout({ ...CLEAN, ...found });
const CHAIN = parseRuleset(
  "*mangle\n:PREROUTING ACCEPT [0:0]\n:ztunnel-PREROUTING - [0:0]\nCOMMIT\n",
);

testJudgements([
  [judged({}), "ok", /^nothing left of it$/],
  [judgeOldLayout(UNKNOWN), "ok", /^nothing left of it$/],
  [
    judged({ all: [{ backend: "nft", family: 4, rules: CHAIN }] }),
    "failed",
    /^left: IPv4 mangle: chain ztunnel-PREROUTING \(nft\)$/,
  ],
  [
    judged({ rules: "103:\tfrom all lookup 100\n" }),
    "failed",
    /^left: rule "103: from all lookup 100"$/,
  ],
  [
    judged({
      rules: "100:\tfrom all fwmark 0x200/0x200 goto 32766\n" +
        "101:\tfrom all fwmark 0x100/0x100 lookup 101\n" +
        "102:\tfrom all fwmark 0x40/0x40 lookup 102\n" +
        "103:\tfrom all lookup 100\n",
    }),
    "failed",
    /; and 1 more$/,
  ],
  [
    judged({ links: "7: istioin: <UP> mtu 1450\\    link/ether\n" }),
    "warning",
    /^left: device istioin$/,
  ],
  [
    judged({
      routes: new Map([[101, "default via 192.0.2.1 dev istioout\n"]]),
    }),
    "warning",
    /^left: routes in table 101$/,
  ],
  [judged({ sets: "a\nztunnel-pods-ips\n" }), "warning", /^left: set ztunnel/],
]);
