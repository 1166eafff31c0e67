import {
  type FoundChain,
  judgeChain,
} from "../../../src/modes/check/judge_chain.ts";
import { testJudgements } from "./judged.ts";

const list = (...types: string[]) =>
  JSON.stringify({ plugins: types.map((type) => ({ type })) });
const judge = (
  files: Readonly<Record<string, string>>,
  more: Partial<FoundChain> = {},
) =>
  judgeChain({
    netDir: "/net.d",
    files: Object.entries(files).map(([name, text]) => ({ name, text })),
    programs: ["bridge", "hairpin-cni", "istio-cni"],
    wanted: true,
    ...more,
  });
const notWanted = { wanted: false };

testJudgements([
  [judge({ "1.conflist": list("bridge", "hairpin-cni") }), "ok", /is the last/],
  [judge({ "1.conflist": list("bridge", "istio-cni") }), "ok", /istio-cni/],
  [
    judge({ "1.conflist": list("bridge", "hairpin-cni", "portmap") }),
    "warning",
    /^portmap comes after hairpin-cni/,
  ],
  [judge({ "1.conflist": list("bridge") }), "failed", /names no plugin/],
  [judge({ "1.conflist": list("bridge") }, notWanted), "ok", /not used/],
  [
    judge({
      "1.conflist": list("bridge"),
      "2.conflist": list("bridge", "hairpin-cni"),
    }, notWanted),
    "failed",
    /1\.conflist comes before 2\.conflist/,
  ],
  [
    judge({ "1.conflist": list("bridge", "hairpin-cni") }, {
      programs: ["bridge"],
    }),
    "failed",
    /no such program: no pod can start/,
  ],
  [
    judge({ "1.conflist": list("hairpin-cni") }, { programs: undefined }),
    "ok",
    /last/,
  ],
  [judge({ "1.conf": '{"type":"bridge"}' }), "failed", /names no plugin/],
  [judge({ "1.conf": "{" }), "failed", /cannot be read/],
  [judge({ "1.conf": '{"plugins":[null]}' }), "failed", /cannot be read/],
  [judge({}), "failed", /no network in \/net\.d/],
  [judge({}, { files: undefined, wanted: false }), "ok", /no networks/],
]);
