import assert from "node:assert/strict";
import { RedirectError } from "../../src/redirect/errors.ts";
import { unlessUnusable } from "../../src/redirect/holders.ts";
import { CommandError } from "../../src/sys/command.ts";

const failed = (said: string) =>
  new RedirectError(`Cannot run "nft -j list chains": exit code 1: ${said}`);

const notRun = (why: "missing" | "denied") =>
  new RedirectError("Cannot run", {
    cause: new CommandError("nft", why, "no such program"),
  });

const unusable: [name: string, reason: RedirectError][] = [
  ["a program that is not installed", notRun("missing")],
  ["nft without JSON", failed("JSON support not compiled-in")],
  [
    "a kernel without netfilter's netlink",
    failed("Unable to initialize Netlink socket: Protocol not supported"),
  ],
  [
    "a kernel without nf_tables",
    failed("cache initialization failed: Invalid argument"),
  ],
];
for (const [name, reason] of unusable) {
  Deno.test(`unlessUnusable() finds nothing with ${name}`, async () => {
    const found = await unlessUnusable(() => Promise.reject(reason));
    assert.equal(found, undefined);
  });
}

const failures: [name: string, reason: Error][] = [
  ["a program that may not be run", notRun("denied")],
  ["a capability missing", failed("Operation not permitted")],
  ["anything else", new TypeError("Invalid argument")],
];
for (const [name, reason] of failures) {
  Deno.test(`unlessUnusable() fails with ${name}`, async () => {
    await assert.rejects(unlessUnusable(() => Promise.reject(reason)), reason);
  });
}
