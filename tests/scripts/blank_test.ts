import assert from "node:assert/strict";
import fc from "fast-check";
import { blankNonCode } from "../../scripts/lint/blank.ts";

const rows: [name: string, text: string, want: string][] = [
  ["line comments", "a // b\nc", "a     \nc"],
  ["block comments", "a /* b\nc */ d", "a     \n     d"],
  ["texts", `f("a", 'b')`, "f(   ,    )"],
  ["texts with quotes in them", String.raw`f("\"a", '"')`, "f(     ,    )"],
  ["templates, but not their code", "`a${b}c`;d", "   " + " b   ;d"],
  ["templates in templates", "`${`x${a}`}`;b", "   " + "    a    ;b"],
  ["braces within template code", "`${f({a})}x`;b", "   f({a})   ;b"],
  ["regular expressions", `x = /"[/]'/g; y`, "x =         ; y"],
  ["no division", "a / b; c / d", "a / b; c / d"],
  ["a comment sign inside a text", 'f("//"); g', "f(    ); g"],
];
for (const [name, text, want] of rows) {
  Deno.test(`blankNonCode() blanks ${name}`, () => {
    assert.equal(blankNonCode(text), want);
  });
}

Deno.test("blankNonCode() keeps length and line breaks of any text", () => {
  const unit = fc.constantFrom(
    "`",
    "$",
    "{",
    "}",
    '"',
    "'",
    "/",
    "*",
    "\\",
    "\n",
    "a",
    "[",
    "]",
  );
  fc.assert(fc.property(fc.string({ unit, maxLength: 60 }), (text) => {
    const blank = blankNonCode(text);
    assert.equal(blank.length, text.length);
    assert.equal(
      blank.replaceAll(/[^\n]/g, " "),
      text.replaceAll(/[^\n]/g, " "),
    );
  }));
});
