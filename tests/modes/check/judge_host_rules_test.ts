import type { Ip } from "../../../src/model/address.ts";
import {
  judgeNodeCapture,
  judgeProbeRules,
  judgeTranslation,
} from "../../../src/modes/check/judge_host_rules.ts";
import type { FoundRules } from "../../../src/modes/check/judge_rules.ts";
import { parseRuleset } from "../../../src/redirect/mod.ts";
import { testJudgements } from "./judged.ts";

const nat = (...lines: string[]): FoundRules[] => [{
  backend: "nft",
  family: 4,
  rules: parseRuleset(
    [
      "*nat",
      ":POSTROUTING ACCEPT [0:0]",
      ":ISTIO_POSTRT - [0:0]",
      ...lines,
      "COMMIT",
    ].join("\n"),
  ),
}];
const of = (ip: string, node = "node-1") =>
  `-A ISTIO_POSTRT -d ${ip}/32 -p tcp -m owner --socket-exists ` +
  `-m comment --comment "hairpin ${node}" -j SNAT --to-source 169.254.7.127`;
const JUMP = "-A POSTROUTING -j ISTIO_POSTRT";
const pod = { name: "n/p", ips: ["10.0.0.1" as Ip] };
const judge = (...lines: string[]) =>
  judgeProbeRules(
    { all: nat(...lines), nftAddresses: undefined, isKnown: true },
    [pod],
    "node-1",
  );
const judgeNft = (...nftAddresses: string[]) =>
  judgeProbeRules({ all: [], nftAddresses, isKnown: true }, [pod], "node-1");
const NOTHING = { all: [], nftAddresses: undefined, isKnown: false };
const packet = {
  source: "10.0.0.1" as Ip,
  destination: "10.0.1.1" as Ip,
  out: "eth0",
};

testJudgements([
  [judge(JUMP, of("10.0.0.1")), "ok", /^1 addresses/],
  [
    judgeProbeRules(NOTHING, [], "node-1"),
    "ok",
    /no pod/,
  ],
  [judgeProbeRules(NOTHING, [pod], "node-1"), "warning", /cannot be told/],
  [judgeNft("10.0.0.1"), "ok", /^1 addresses/],
  [judgeNft("10.0.0.2"), "failed", /none for n\/p/],
  [judge(), "failed", /there are none/],
  [judge(of("10.0.0.1")), "failed", /comes first/],
  [
    judge("-A POSTROUTING -j MASQUERADE", JUMP, of("10.0.0.1")),
    "failed",
    /"-A POSTROUTING -j MASQUERADE" comes first/,
  ],
  [judge(JUMP, of("10.0.0.2")), "failed", /none for n\/p \(10\.0\.0\.1\)/],
  [judge(JUMP, of("10.0.0.1", "other")), "failed", /none for n\/p/],
  [
    judge(JUMP, of("10.0.0.1"), of("10.0.0.9")),
    "warning",
    /also for 10\.0\.0\.9/,
  ],
  [
    judge(JUMP, of("10.0.0.1"), of("10.0.0.9", "other")),
    "ok",
    /^1 addresses/,
  ],
  [
    judge(
      JUMP,
      "-A ISTIO_POSTRT -p tcp -m set --match-set istio-inpod-probes-v4 dst -j SNAT --to-source 169.254.7.127",
    ),
    "ok",
    /node agent's set/,
  ],
  [
    judgeNodeCapture({ 4: "elements = { 10.0.0.1, 10.0.0.2 }", 6: "" }, [pod]),
    "ok",
    /^1 pods/,
  ],
  [
    judgeNodeCapture({ 4: "elements = { 10.0.0.11 }", 6: undefined }, [pod]),
    "failed",
    /^not captured: n\/p \(10\.0\.0\.1\)$/,
  ],
  [
    judgeNodeCapture({ 4: undefined, 6: "{ fd00::1, fd00::2 }" }, [
      { name: "n/q", ips: ["fd00::1" as Ip] },
    ]),
    "ok",
    /^1 pods/,
  ],
  [judgeTranslation([], []), "ok", /no pods on two nodes/],
  [judgeTranslation(nat(JUMP, of("10.0.0.1")), [packet]), "ok", /keep theirs/],
  [
    judgeTranslation(nat("-A POSTROUTING -j MASQUERADE"), [packet]),
    "failed",
    /10\.0\.0\.1 is hidden from 10\.0\.1\.1 by "-A POSTROUTING -j MASQUERADE"/,
  ],
]);
