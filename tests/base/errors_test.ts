import assert from "node:assert/strict";
import { assert as must, AssertionError } from "../../src/base/assert.ts";
import { ConfigError, HairpinError, messageOf } from "../../src/base/errors.ts";

Deno.test("HairpinError has the name of its class, also of a subclass", () => {
  class LostError extends HairpinError {
    readonly code = "DIAL";
  }
  assert.equal(new LostError("gone").name, "LostError");
  assert.equal(String(new ConfigError("bad")), "ConfigError: bad");
  assert.equal(new ConfigError("bad").code, "CONFIG");
});

Deno.test("HairpinError keeps its cause", () => {
  const cause = new Error("below");
  assert.equal(new ConfigError("above", { cause }).cause, cause);
});

const messages: [reason: unknown, text: string][] = [
  [new Error("one line"), "one line"],
  [new Error("two\n  lines\r\n\nor three"), "two lines or three"],
  ["text", "text"],
  [undefined, "undefined"],
  [{ toString: () => "a thing" }, "a thing"],
];
for (const [reason, text] of messages) {
  Deno.test(`messageOf() gives ${JSON.stringify(text)}`, () => {
    assert.equal(messageOf(reason), text);
  });
}

Deno.test("assert() throws AssertionError when the condition is false, and only then", () => {
  must(true, "fine");
  assert.throws(
    () => must(false, "window below 0"),
    (error) =>
      error instanceof AssertionError && error.message === "window below 0",
  );
});
