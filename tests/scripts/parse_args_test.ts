import assert from "node:assert/strict";
import { parseArgs, type ParseOptions } from "@std/cli/parse-args";

type Row = [name: string, args: string, options: ParseOptions, want: object];
const rows: Row[] = [
  ["takes the next word as a value", "--a b", { string: "a" }, { a: "b" }],
  ["takes a value behind =", "--a=b=c", { string: "a" }, { a: "b=c" }],
  ["keeps a text a text", "--a 1", { string: "a" }, { a: "1" }],
  ["reads other numbers", "--a 1 2", {}, { a: 1, _: [2] }],
  ["keeps words as texts for _", "1 0x1", { string: "_" }, { _: ["1", "0x1"] }],
  ["gives a text without value as empty", "--a", { string: "a" }, { a: "" }],
  ["takes no flag as a value", "--a --b", { string: ["a"], boolean: "b" }, {
    a: "",
    b: true,
  }],
  ["takes the last of two", "--a b --a c", { string: "a" }, { a: "c" }],
  ["collects", "--a b --a=c", { string: "a", collect: "a" }, { a: ["b", "c"] }],
  ["collects nothing into nothing", "", { string: "a", collect: "a" }, {
    a: [],
  }],
  ["sets switches to false", "", { boolean: ["a", "b"] }, {
    a: false,
    b: false,
  }],
  ["takes no value for a switch", "--a b", { boolean: "a" }, {
    a: true,
    _: ["b"],
  }],
  ["takes true and false for a switch", "--a false --b=false", {
    boolean: ["a", "b"],
  }, { a: false, b: false }],
  ["sets aliases too", "-o x", { string: "out", alias: { out: "o" } }, {
    o: "x",
    out: "x",
  }],
  ["joins short switches", "-ab", { boolean: ["a", "b"] }, {
    a: true,
    b: true,
  }],
  ["takes a short value behind =", "-o=x", { string: "o" }, { o: "x" }],
  ["negates what may be negated", "--no-a", { negatable: "a", boolean: "a" }, {
    a: false,
  }],
  ["negates nothing else", "--no-a", { boolean: "a" }, {
    a: false,
    "no-a": true,
  }],
  ["fills in defaults", "--a 1", { string: "a", default: { a: "x", b: "y" } }, {
    a: "1",
    b: "y",
  }],
  ["reads nothing behind --", "a -- --b", {}, { _: ["a", "--b"] }],
  ["keeps what is behind -- apart", "a -- --b", { "--": true }, {
    _: ["a"],
    "--": ["--b"],
  }],
  ["stops early", "--a x --b", { boolean: "a", stopEarly: true }, {
    a: true,
    _: ["x", "--b"],
  }],
  ["takes a lone dash as a word", "- a", {}, { _: ["-", "a"] }],
  ["takes nothing behind = as the empty text", "--a=", {}, { a: "" }],
];
for (const [name, args, options, want] of rows) {
  Deno.test(`parseArgs() ${name}`, () => {
    const words = args === "" ? [] : args.split(" ");
    const parsed: Record<string, unknown> = parseArgs(words, options);
    assert.deepEqual({ ...parsed }, { _: [], ...want });
  });
}

Deno.test("parseArgs() asks about what it does not know", () => {
  const asked: unknown[][] = [];
  const parsed: Record<string, unknown> = parseArgs(["--x", "1", "-y", "w"], {
    boolean: "y",
    unknown(...known: unknown[]) {
      asked.push(known);
      return false;
    },
  });
  assert.deepEqual(asked, [["--x", "x", "1"], ["w"]]);
  assert.deepEqual({ ...parsed }, { y: true, _: [] });
});

Deno.test("parseArgs() leaves its arguments as they were", () => {
  const args = ["--a", "b"];
  parseArgs(args, { string: "a" });
  assert.deepEqual(args, ["--a", "b"]);
});
