import assert from "node:assert/strict";
import {
  guardrailRemovalText,
  guardrailText,
} from "../../src/redirect/guardrails.ts";
import { parseRuleset } from "../../src/redirect/ruleset.ts";
import { removalText, restoreText } from "../../src/redirect/restore_text.ts";
import { TARGET } from "./target_state.ts";

const plan = {
  family: 4,
  tables: [{
    name: "nat",
    jumps: [{ from: "OUTPUT", to: "ISTIO_OUTPUT" }],
    chains: [{ name: "ISTIO_OUTPUT", rules: ["-p tcp -j ACCEPT"] }],
  }],
} as const;

Deno.test("restoreText() makes chains that are not there", () => {
  assert.equal(
    restoreText(plan, parseRuleset("")),
    `*nat
-N ISTIO_OUTPUT
-A OUTPUT -j ISTIO_OUTPUT
-A ISTIO_OUTPUT -p tcp -j ACCEPT
COMMIT
`,
  );
});

Deno.test("restoreText() replaces what is there, in every table", () => {
  const found = parseRuleset(`*nat
:OUTPUT ACCEPT [0:0]
:ISTIO_OUTPUT - [0:0]
:ISTIO_OLD - [0:0]
-A OUTPUT -p udp -j ACCEPT
-A OUTPUT -p tcp -j ISTIO_OLD
-A OUTPUT -j ISTIO_OUTPUT
-A ISTIO_OUTPUT -j ISTIO_OLD
COMMIT
*raw
:ISTIO_PRERT - [0:0]
COMMIT
`);
  assert.equal(
    restoreText(plan, found),
    `*nat
:ISTIO_OUTPUT - [0:0]
:ISTIO_OLD - [0:0]
-D OUTPUT -p tcp -j ISTIO_OLD
-D OUTPUT -j ISTIO_OUTPUT
-X ISTIO_OLD
-A OUTPUT -j ISTIO_OUTPUT
-A ISTIO_OUTPUT -p tcp -j ACCEPT
COMMIT
*raw
:ISTIO_PRERT - [0:0]
-X ISTIO_PRERT
COMMIT
`,
  );
});

Deno.test("removalText() removes our chains and what leads there, from anywhere", () => {
  const found = parseRuleset(`*nat
:OUTPUT ACCEPT [0:0]
:ISTIO_OUTPUT - [0:0]
:ISTIO_REDIRECT - [0:0]
-A OUTPUT -p tcp -j ISTIO_REDIRECT
-A OUTPUT -j ISTIO_OUTPUT
-A ISTIO_REDIRECT -j ISTIO_OUTPUT
COMMIT
`);
  assert.equal(
    removalText(found),
    `*nat
:ISTIO_OUTPUT - [0:0]
-D OUTPUT -j ISTIO_OUTPUT
-D ISTIO_REDIRECT -j ISTIO_OUTPUT
-X ISTIO_OUTPUT
COMMIT
`,
  );
});

Deno.test("removalText() is empty when nothing of ours is there", () => {
  assert.equal(removalText(parseRuleset("*nat\n:KUBE - [0:0]\nCOMMIT")), "");
  assert.notEqual(removalText(parseRuleset(TARGET[4])), "");
});

Deno.test("guardrailText() puts six rules first, in place of earlier ones", () => {
  const rule = "-p tcp -m comment --comment hairpin-guardrail -j DROP";
  const found = parseRuleset(
    `*filter\n:INPUT ACCEPT\n-A INPUT ${rule}\n-A INPUT -p tcp -j DROP\nCOMMIT`,
  );
  const lines = guardrailText(found).split("\n");
  assert.equal(lines[1], `-D INPUT ${rule}`);
  assert.equal(lines.filter((line) => line.startsWith("-I ")).length, 6);
  assert.equal(
    guardrailRemovalText(found),
    `*filter\n-D INPUT ${rule}\nCOMMIT\n`,
  );
  assert.equal(guardrailRemovalText(parseRuleset("")), "");
});
