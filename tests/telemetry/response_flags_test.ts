import { deepEqual, equal, throws } from "node:assert/strict";
import { AssertionError } from "../../src/base/assert.ts";
import {
  ENVOY_FLAGS,
  type EnvoyFlag,
  formatFlags,
  parseFlags,
} from "../../src/telemetry/response_flags.ts";

const texts: [flags: EnvoyFlag[], text: string][] = [
  [[], "-"],
  [["UH"], "UH"],
  [["URX", "UF"], "UF,URX"],
  [["DC", "DC"], "DC"],
];
for (const [flags, text] of texts) {
  Deno.test(`formatFlags() writes [${flags}] as "${text}"`, () => {
    equal(formatFlags(flags), text);
  });
}

Deno.test("parseFlags() reads what formatFlags() writes", () => {
  for (const flags of [[], ["NR"], ["UF", "URX"], ENVOY_FLAGS] as const) {
    deepEqual(parseFlags(formatFlags(flags)), flags);
  }
});

for (const text of ["", "DENY", "UF, URX", "-,UF"]) {
  Deno.test(`parseFlags() takes "${text}" for our own bug`, () => {
    throws(() => parseFlags(text), AssertionError);
  });
}
