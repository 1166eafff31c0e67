import assert from "node:assert/strict";
import { findBase, type Machine } from "../../../scripts/compile/denort.ts";

/** The head of a program for a machine of that number. */
function elf(machine: number): Uint8Array {
  const head = new Uint8Array(64);
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  head.set([machine & 0xff, machine >> 8], 18);
  return head;
}

function machine(
  files: Readonly<Record<string, Uint8Array>>,
  env: Readonly<Record<string, string>> = {},
): Machine {
  return {
    get: (name) => env[name],
    exists: (path) => path in files,
    head: (path) => files[path]!,
    denoDir: "/cache",
    denoVersion: "2.9.6",
  };
}

const CACHED = "/cache/dl/release/v2.9.6/denort-aarch64-unknown-linux-gnu.zip";

Deno.test("findBase() takes DENORT_BIN", () => {
  const files = { "/denort": elf(62) };
  const base = findBase("amd64", machine(files, { DENORT_BIN: "/denort" }));
  assert.deepEqual(base, { kind: "file", path: "/denort" });
});

Deno.test("findBase() prefers the variable of that machine", () => {
  const env = { DENORT_BIN: "/x", DENORT_BIN_ARM64: "/arm" };
  const base = findBase("arm64", machine({ "/arm": elf(183) }, env));
  assert.deepEqual(base, { kind: "file", path: "/arm" });
});

Deno.test("findBase() takes what Deno has fetched before", () => {
  const base = findBase("arm64", machine({ [CACHED]: elf(0) }));
  assert.deepEqual(base, { kind: "cache" });
});

const refused: [
  name: string,
  files: Record<string, Uint8Array>,
  why: RegExp,
][] = [
  ["a file that is not there", {}, /DENORT_BIN "\/denort": no such file$/],
  [
    "a file that is no program",
    { "/denort": new TextEncoder().encode('#!/bin/sh\nexec deno "$@"\n') },
    /: no ELF program$/,
  ],
  [
    "a program for another machine",
    { "/denort": elf(183) },
    /: its machine is 183, amd64 is 62$/,
  ],
];
for (const [name, files, why] of refused) {
  Deno.test(`findBase() refuses ${name}`, () => {
    const base = findBase("amd64", machine(files, { DENORT_BIN: "/denort" }));
    assert(base.kind === "missing");
    assert.match(base.why, why);
  });
}

Deno.test("findBase() says in one line how to get what is missing", () => {
  const base = findBase("arm64", machine({}));
  assert(base.kind === "missing");
  assert.match(
    base.why,
    /^Cannot compile for arm64: no runtime base; set DENORT_BIN_ARM64 .*2\.9\.6.*--fetch$/,
  );
});
