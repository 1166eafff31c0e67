import { deepEqual } from "node:assert/strict";
import { explanationLines } from "../../src/admin/explain_text.ts";
import type { ExplainedWay, Explanation } from "../../src/model/explanation.ts";

const WAY: ExplainedWay = {
  verdict: "allow",
  because: "allowed by ns1/p",
  steps: [
    { at: "outbound at ns1/a", about: "target", says: "a service" },
    { at: "outbound at ns1/a", about: "route", says: "a tunnel" },
    { at: "inbound at ns1/b", about: "policy", says: "ns1/p matches" },
  ],
};
const ONE: Explanation = {
  from: "ns1/a",
  to: "10.0.0.1:80",
  verdict: "allow",
  because: "allowed by ns1/p",
  ways: [WAY],
  more: false,
};

Deno.test("explanationLines() puts steps under the place where they are taken", () => {
  deepEqual(explanationLines(ONE), [
    "from     ns1/a",
    "to       10.0.0.1:80",
    "verdict  allow: allowed by ns1/p",
    "",
    "  outbound at ns1/a",
    "    target  a service",
    "    route   a tunnel",
    "  inbound at ns1/b",
    "    policy  ns1/p matches",
  ]);
});

Deno.test("explanationLines() tells several ways apart", () => {
  const denied: ExplainedWay = { verdict: "deny", because: "no", steps: [] };
  const lines = explanationLines({ ...ONE, ways: [WAY, denied], more: true });
  deepEqual(lines.filter((line) => line.startsWith("way")), [
    "way 1 of more than 2: allow: allowed by ns1/p",
    "way 2 of more than 2: deny: no",
  ]);
});
