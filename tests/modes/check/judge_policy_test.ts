import assert from "node:assert/strict";
import {
  judgeCounted,
  judgePolicyEffect,
  openedInto,
  readExplained,
  type TestConnection,
} from "../../../src/modes/check/judge_policy.ts";
import { testJudgements } from "./judged.ts";

const judged = (
  explained: "allow" | "deny" | "fail" | "elsewhere" | "no answer",
  outcome: TestConnection["outcome"],
) =>
  judgePolicyEffect({
    ...{ from: "a/b", to: "10.0.0.1:80", outcome },
    explained: explained === "no answer"
      ? explained
      : { verdict: explained, because: "so" },
  });

testJudgements([
  [judgePolicyEffect(undefined), "ok", /^no other pod here/],
  [judged("no answer", "arrived"), "ok", /^no answer$/],
  [judged("allow", "unknown"), "warning", /without ss/],
  [judged("allow", "arrived"), "ok", /^a\/b to 10\.0\.0\.1:80: allowed, arr/],
  [judged("allow", "closed"), "warning", /closed at once$/],
  [judged("allow", "cut"), "failed", /allowed \(so\), and cut$/],
  [judged("allow", "silent"), "failed", /and silent$/],
  [judged("deny", "arrived"), "failed", /denied \(so\), and arrives$/],
  [judged("deny", "cut"), "ok", /denied \(so\), cut$/],
  [judged("deny", "closed"), "ok", /, closed$/],
  [judged("deny", "silent"), "ok", /, silent$/],
  [judged("fail", "cut"), "failed", /cannot be carried: so$/],
  [judged("elsewhere", "arrived"), "ok", /: elsewhere \(so\), arrived$/],
  [judgeCounted({ before: 1, after: 2 }), "ok", /was counted$/],
  [judgeCounted({ before: 2, after: 2 }), "failed", /^2 before and after/],
  [judgeCounted({ before: 2, after: 0 }), "failed", /^0 before and after/],
]);

const METRICS = `# TYPE istio_tcp_connections_opened counter
istio_tcp_connections_opened_total{reporter="destination",destination_workload_namespace="a"} 3
istio_tcp_connections_opened_total{reporter="destination",x="}",destination_workload_namespace="a",y="1"} 4 1.5
istio_tcp_connections_opened_total{reporter="source",destination_workload_namespace="a"} 10
istio_tcp_connections_closed_total{reporter="destination",destination_workload_namespace="a"} 20
istio_tcp_connections_opened_total{reporter="destination",destination_workload_namespace="ab"} 40
`;

Deno.test("openedInto() adds up what destinations of one namespace counted", () => {
  assert.equal(openedInto("a", METRICS), 7);
  assert.equal(openedInto("ab", METRICS), 40);
  assert.equal(openedInto("b", METRICS), 0);
});

Deno.test("readExplained() takes an explanation, and nothing else for one", () => {
  const because = "no policy";
  assert.deepEqual(
    readExplained(JSON.stringify({ verdict: "allow", because, ways: [] })),
    { verdict: "allow", because },
  );
  for (const text of ["", "[]", '{"verdict":"maybe","because":""}']) {
    assert.match(readExplained(text) as string, /cannot be read$/);
  }
});
