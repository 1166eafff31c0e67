import assert from "node:assert/strict";
import {
  circles,
  type Edge,
  edgesOf,
  pastMod,
  ROWS,
  wrongWay,
} from "../../scripts/lint/imports.ts";
import { formatFinding } from "../../scripts/lint/source.ts";

const edge = (from: string, to: string, typeOnly = false): Edge => ({
  from,
  to,
  line: 3,
  typeOnly,
});

Deno.test("edgesOf() reads every form of a local import", () => {
  const text = [
    'import { a } from "./a.ts";',
    "import {",
    "  b,",
    "  type B,",
    '} from "../base/b.ts";',
    'import type { C } from "./c/c.ts";',
    'export * from "./d.ts";',
    'export type { E } from "./e.ts";',
    'import "./f.ts";',
    'const g = await import("./g.ts");',
    'new Worker(new URL("./h.ts", import.meta.url), { type: "module" });',
    'import { yaml } from "yaml";',
    'import assert from "node:assert";',
  ].join("\n");
  const found = edgesOf({ path: "src/net/x.ts", text });
  assert.deepEqual(found.map((e) => [e.to, e.line, e.typeOnly]), [
    ["src/net/a.ts", 1, false],
    ["src/base/b.ts", 2, false],
    ["src/net/c/c.ts", 6, true],
    ["src/net/d.ts", 7, false],
    ["src/net/e.ts", 8, true],
    ["src/net/f.ts", 9, false],
    ["src/net/g.ts", 10, false],
    ["src/net/h.ts", 11, true],
  ]);
});

Deno.test("edgesOf() takes no import out of comments and texts", () => {
  const text = [
    "/*",
    'import { a } from "./a.ts";',
    "*/",
    "const code = `",
    'import { b } from "./b.ts";',
    "`;",
    '// import("./c.ts")',
  ].join("\n");
  assert.deepEqual(edgesOf({ path: "src/net/x.ts", text }), []);
});

const ways: [from: string, to: string, message: string | undefined][] = [
  ["src/wire/a.ts", "src/base/b.ts", undefined],
  ["src/wire/h2/a.ts", "src/wire/hpack/b.ts", undefined],
  ["tests/a.ts", "src/net/b.ts", undefined],
  ["main.ts", "src/modes/node.ts", undefined],
  ["src/modes/a.ts", "src/admin/b.ts", undefined],
  [
    "src/base/a.ts",
    "src/model/b.ts",
    "src/base/a.ts:3: base/ may not import model/: src/model/b.ts",
  ],
  [
    "src/proxy/a.ts",
    "src/sys/b.ts",
    "src/proxy/a.ts:3: proxy/ may not import sys/: src/sys/b.ts",
  ],
  [
    "src/net/a.ts",
    "tests/support/b.ts",
    "src/net/a.ts:3: src/ imports tests/support/b.ts, which lies outside of it",
  ],
  [
    "src/stray/a.ts",
    "src/base/b.ts",
    "src/stray/a.ts:3: src/stray/ is no known row",
  ],
];
for (const [from, to, message] of ways) {
  Deno.test(`wrongWay() ${message ? "refuses" : "allows"} ${from} > ${to}`, () => {
    const found = wrongWay([edge(from, to)]).map(formatFinding);
    assert.deepEqual(found, message === undefined ? [] : [message]);
  });
}

Deno.test("ROWS lets every row import rows above it only", () => {
  const order = Object.keys(ROWS);
  for (const [row, above] of Object.entries(ROWS)) {
    for (const other of above) {
      assert.ok(order.includes(other), other);
      assert.ok(order.indexOf(other) < order.indexOf(row), `${row} > ${other}`);
    }
  }
});

Deno.test("circles() names the way round, once", () => {
  const edges = [
    edge("a", "b"),
    edge("b", "c"),
    edge("c", "a"),
    edge("d", "a"),
  ];
  assert.deepEqual(circles(edges).map(formatFinding), [
    "a: imports itself by a > b > c > a",
  ]);
});

Deno.test("circles() lets types go round", () => {
  assert.deepEqual(circles([edge("a", "b"), edge("b", "a", true)]), []);
});

Deno.test("circles() ends on a graph that is joined many times", () => {
  const edges = Array.from(
    { length: 400 },
    (_, i) => [1, 2, 3].map((step) => edge(`f${i}`, `f${i + step}`)),
  ).flat();
  assert.deepEqual(circles(edges), []);
});

Deno.test("pastMod() sends outsiders to mod.ts", () => {
  const paths = new Set(["src/wire/h2/mod.ts", "src/wire/h2/frame.ts"]);
  const edges = [
    edge("src/net/a.ts", "src/wire/h2/frame.ts"),
    edge("src/net/a.ts", "src/wire/h2/mod.ts"),
    edge("src/wire/h2/stream.ts", "src/wire/h2/frame.ts"),
    edge("src/net/a.ts", "src/wire/hpack/decode.ts"),
    edge("tests/wire/h2/frame_test.ts", "src/wire/h2/frame.ts"),
  ];
  assert.deepEqual(pastMod(edges, paths).map(formatFinding), [
    "src/net/a.ts:3: imports src/wire/h2/frame.ts past src/wire/h2/mod.ts",
  ]);
});
