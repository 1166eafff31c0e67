import assert from "node:assert/strict";
import { besideOf, FROM_SOURCE_ONLY } from "../../../scripts/compile/scan.ts";
import { formatFinding } from "../../../scripts/lint/source.ts";

const scan = (text: string, path = "src/a/b.ts") => {
  const { needs, findings } = besideOf({ path, text });
  return { needs, findings: findings.map(formatFinding) };
};

const needed: [name: string, text: string, needs: string[]][] = [
  [
    "a worker's entry point",
    'new Worker(new URL("./entry.ts", import.meta.url), { type: "module" });',
    ["src/a/entry.ts"],
  ],
  [
    "an asset",
    'Deno.readTextFile(new URL("../page.html", import.meta.url));',
    ["src/page.html"],
  ],
  [
    "an address over several lines",
    'new URL(\n  "./page.html",\n  import.meta.url,\n)',
    ["src/a/page.html"],
  ],
  ["nothing in a comment", '// new URL("./x.ts", import.meta.url)\n', []],
  ["nothing in a text", "'new URL(\"./x.ts\", import.meta.url)'", []],
  ["nothing in other addresses", 'new URL("/p", "http://localhost");', []],
  ["nothing in a dynamic import", 'await import("./x.ts");', []],
];
for (const [name, text, needs] of needed) {
  Deno.test(`besideOf() finds ${name}`, () => {
    assert.deepEqual(scan(text), { needs, findings: [] });
  });
}

const UNKNOWN = "src/a/b.ts:1: imports what is only known at run time";
const META =
  "src/a/b.ts:1: uses import.meta but in new URL(TEXT, import.meta.url)";
const unclear: [name: string, text: string, finding: string][] = [
  ["an import of a variable", "await import(path);", UNKNOWN],
  ["an import of a template", "await import(`./${name}.ts`);", UNKNOWN],
  ["an address of a variable", "new URL(path, import.meta.url);", META],
  ["the module's folder", "Deno.readFile(import.meta.dirname + '/x');", META],
  ["a resolved name", 'new Worker(import.meta.resolve("./x.ts"));', META],
];
for (const [name, text, finding] of unclear) {
  Deno.test(`besideOf() cannot tell what ${name} loads`, () => {
    assert.deepEqual(scan(text), { needs: [], findings: [finding] });
  });
}

Deno.test("besideOf() passes what runs from source only", async () => {
  for (const path of FROM_SOURCE_ONLY) {
    const text = await Deno.readTextFile(path);
    assert.match(text, /Deno\.build\.standalone/);
    assert.deepEqual(scan(text, path), { needs: [], findings: [] });
    assert.notDeepEqual(scan(text).findings, []);
  }
});
