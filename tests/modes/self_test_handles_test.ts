import assert from "node:assert/strict";
import process from "node:process";
import { replaced } from "../support/replaced.ts";

Deno.test("selfTest() refuses a runtime that has no TCP handles to give", async () => {
  using _gone = replaced(process as unknown as Holder, "binding", () => {
    throw new Error("No such module");
  });
  // Only now, as modules look for handles when they are loaded.
  const { selfTest } = await import("../../src/modes/self_test.ts");
  await assert.rejects(
    selfTest({ mode: "waypoint", proxyMode: "shared", packetMark: undefined }),
    /^SelfTestError: Cannot call itself on loopback: .* Deno .* the pinned version$/,
  );
});

interface Holder {
  binding(name: string): unknown;
}
