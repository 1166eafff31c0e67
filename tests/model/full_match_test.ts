import assert from "node:assert/strict";
import {
  compileFullMatch,
  REGEX_LENGTH_MAX,
} from "../../src/model/full_match.ts";

const rows: [pattern: string, text: string, matches: boolean][] = [
  ["a+", "aaa", true],
  ["a+", "aab", false],
  ["b", "abc", false],
  ["a|ab", "ab", true],
  ["(?i)abc", "ABC", true],
  ["(a+)+$", `${"a".repeat(5_000)}b`, false],
];
for (const [pattern, text, matches] of rows) {
  Deno.test(`compileFullMatch() asks ${pattern} about all of "${text.slice(0, 9)}"`, () => {
    assert.equal(compileFullMatch(pattern)?.(text), matches);
  });
}

const bad: [name: string, pattern: string][] = [
  ["an open bracket", "("],
  ["look-ahead", "a(?=b)"],
  ["a back reference", "(a)\\1"],
  ["a great count", "a{1001}"],
  ["too many characters", "a".repeat(REGEX_LENGTH_MAX + 1)],
];
for (const [name, pattern] of bad) {
  Deno.test(`compileFullMatch() refuses ${name}`, () => {
    assert.equal(compileFullMatch(pattern), undefined);
  });
}

Deno.test("compileFullMatch() takes an expression of the greatest length", () => {
  const pattern = "a".repeat(REGEX_LENGTH_MAX);
  assert.equal(compileFullMatch(pattern)?.(pattern), true);
});
