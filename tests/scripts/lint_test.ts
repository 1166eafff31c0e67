import assert from "node:assert/strict";
import { lint, readSources } from "../../scripts/lint_imports.ts";
import { countDocs, documentedPercent } from "../../scripts/lint/docs.ts";
import { impure, strayDlopen } from "../../scripts/lint/purity.ts";
import { FILE_LINES_MAX, tooLong } from "../../scripts/lint/size.ts";
import {
  type Finding,
  formatFinding,
  lineAt,
} from "../../scripts/lint/source.ts";

const at = (path: string, text: string) => ({ path, text });
const messages = (findings: readonly Finding[]) => findings.map(formatFinding);

const effects: [code: string, instead: string][] = [
  ["Deno.", "take what it gives as a parameter"],
  ["setTimeout(", "take a clock"],
  ["setInterval(", "take a clock"],
  ["Date.now", "take the time"],
  ["new Date()", "take the time"],
  ["performance.now", "take the time"],
  ["Math.random", "take a source of chance"],
  ["crypto.randomUUID", "take a source of chance"],
  ["console.", "return what is to be said"],
  ["fetch(", "take the answer"],
];
for (const [code, instead] of effects) {
  Deno.test(`impure() finds ${code} in the core`, () => {
    const file = at("src/wire/h2/a.ts", `const a = 1;\nf(${code} );\n`);
    assert.deepEqual(messages(impure(file)), [
      `src/wire/h2/a.ts:2: ${code} has no place in wire/: ${instead}`,
    ]);
  });
}

const harmless: [name: string, path: string, text: string][] = [
  ["below the core", "src/net/a.ts", "Deno.listen()"],
  ["in tests", "tests/wire/a_test.ts", "Deno.test()"],
  ["in a comment", "src/base/a.ts", "// Deno.env\n/* Math.random */"],
  ["in a text", "src/base/a.ts", 'f("Deno.env", `console.log(${x})`)'],
  ["in a method of that name", "src/base/a.ts", "clock.setTimeout(f)"],
  ["in a dated Date", "src/base/a.ts", "new Date(nowMs)"],
];
for (const [name, path, text] of harmless) {
  Deno.test(`impure() finds nothing ${name}`, () => {
    assert.deepEqual(impure(at(path, text)), []);
  });
}

Deno.test("strayDlopen() allows it in src/sys alone", () => {
  const text = "const lib = Deno.dlopen(path, {});";
  assert.deepEqual(strayDlopen(at("src/sys/libc.ts", text)), []);
  assert.deepEqual(messages(strayDlopen(at("tests/a.ts", text))), [
    "tests/a.ts:1: Deno.dlopen belongs in src/sys/",
  ]);
});

Deno.test("tooLong() counts lines, not the line break at the end", () => {
  const lines = (count: number) => "x\n".repeat(count);
  assert.deepEqual(tooLong(at("src/a.ts", lines(FILE_LINES_MAX))), []);
  assert.deepEqual(messages(tooLong(at("src/a.ts", lines(401)))), [
    "src/a.ts: 401 lines, at most 400: split it by job",
  ]);
  assert.deepEqual(tooLong(at("src/wire/gen/a.ts", lines(9_999))), []);
});

Deno.test("countDocs() names exports without a comment before them", () => {
  const count = countDocs(at(
    "src/a.ts",
    [
      "/** Yes. */",
      "export function a() {}",
      "export const b = 1;",
      "export abstract class C {}",
      "export async function d() {}",
      "/**",
      " * Yes.",
      " */",
      "export type E = 1;",
      'export { f } from "./f.ts";',
      "const g = 1;",
    ].join("\n"),
  ));
  assert.equal(count.exports, 5);
  assert.deepEqual(messages(count.undocumented), [
    "src/a.ts:3: b has no doc comment",
    "src/a.ts:4: C has no doc comment",
    "src/a.ts:5: d has no doc comment",
  ]);
});

Deno.test("documentedPercent() rounds down", () => {
  const missing = { path: "a", line: 1, message: "" };
  const counts = [
    { exports: 2, undocumented: [missing] },
    { exports: 1, undocumented: [] },
  ];
  assert.equal(documentedPercent(counts), 66);
  assert.equal(documentedPercent([]), 100);
});

Deno.test("lint() puts everything that is wrong in one list", () => {
  const found = lint([
    at("src/base/a.ts", 'import "../net/b.ts";\nexport const a = 1;\n'),
    at("src/net/b.ts", 'import "../base/a.ts";\nDeno.dlopen("x", {});\n'),
  ]);
  assert.deepEqual(found, [
    "src/base/a.ts:1: base/ may not import net/: src/net/b.ts",
    "src/base/a.ts: imports itself by src/base/a.ts > src/net/b.ts > src/base/a.ts",
    "src/net/b.ts:2: Deno.dlopen belongs in src/sys/",
    "src/base/a.ts:2: a has no doc comment",
    "src/: 0 % of exports have a doc comment, want 70 %",
  ]);
});

Deno.test("readSources() finds the project's files by path", async () => {
  const root = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");
  const paths = (await readSources(root)).map((file) => file.path);
  assert.ok(paths.includes("src/config/config.ts"));
  assert.ok(paths.includes("tests/scripts/lint_test.ts"));
  assert.deepEqual(paths, paths.toSorted());
});

Deno.test("lineAt() counts from 1", () => {
  assert.equal(lineAt("a\nb", 0), 1);
  assert.equal(lineAt("a\nb", 2), 2);
});
