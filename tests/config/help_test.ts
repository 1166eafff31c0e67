import assert from "node:assert/strict";
import { FLAGS } from "../../src/config/flags.ts";
import { helpText } from "../../src/config/help.ts";
import { parseConfig } from "../../src/config/parse_config.ts";
import { VARIABLES } from "../../src/config/variables.ts";
import { MACHINE } from "./support.ts";

const rows: [args: string[], exitCode: number][] = [
  [[], 2],
  [["--help"], 0],
  [["-h"], 0],
  [["help"], 0],
  [["--mode", "node", "--help"], 0],
  [["check", "-h"], 0],
];
for (const [args, exitCode] of rows) {
  Deno.test(`"hairpin ${args.join(" ")}" shows help, exit code ${exitCode}`, () => {
    assert.deepEqual(parseConfig(args, {}, MACHINE), {
      kind: "help",
      text: helpText(),
      exitCode,
    });
  });
}

Deno.test("help names every flag, variable and default", () => {
  const text = helpText().replaceAll(/\s+/g, " ");
  for (const flag of FLAGS) {
    assert.ok(text.includes(`--${flag.name}`), flag.name);
    if ("variable" in flag) assert.ok(text.includes(flag.variable));
    if ("byDefault" in flag) assert.ok(text.includes(flag.byDefault));
  }
  for (const { name, meaning } of VARIABLES) {
    assert.ok(text.includes(`${name} ${meaning}`), name);
  }
});

Deno.test("help wraps its entries at 80 columns", () => {
  const entries = helpText().split("\n").filter((l) => l.startsWith("      "));
  assert.ok(entries.length > 60);
  for (const line of entries) {
    const oneWord = !line.trim().includes(" ");
    assert.ok(line.length <= 80 || oneWord, line);
  }
});
