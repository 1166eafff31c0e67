import assert from "node:assert/strict";
import fc from "fast-check";
import {
  normalizePath,
  policyPath,
} from "../../../src/decide/http/path_normalization.ts";
import type { PathNormalization } from "../../../src/model/mesh_config.ts";

type Row = [
  path: string,
  base: string | undefined,
  merged: string | undefined,
  decoded: string | undefined,
];

const same = (path: string, to: string | undefined): Row => [path, to, to, to];

const rows: Row[] = [
  same("/", "/"),
  same("*", "*"),
  same("/a/b", "/a/b"),
  same("/a/", "/a/"),
  same("/a/../b", "/b"),
  same("/a/./b/.", "/a/b/"),
  same("/a/b/..", "/a/"),
  same("/../../a", "/a"),
  same("/..", "/"),
  same("/a/%2e%2E/b", "/b"),
  same("/a/.%2e/b", "/b"),
  same("/%61dmin", "/admin"),
  same("/%7euser", "/~user"),
  same("/a\\..\\b", "/b"),
  same("\\a", undefined),
  same("/Admin", "/Admin"),
  same("/admin;x=1", "/admin;x=1"),
  same("/..;/admin", "/..;/admin"),
  same("/a%3bb", "/a%3Bb"),
  same("/a?x=/../%2e", "/a?x=/../%2e"),
  same("/a/../b#/../c", "/b#/../c"),
  same("/%", "/%"),
  same("/%zz", "/%zz"),
  same("/a%00b", undefined),
  same("/a%0%30", undefined),
  same("", undefined),
  same("admin", undefined),
  same("http://host/a", undefined),
  ["//a///b", "//a///b", "/a/b", "/a/b"],
  ["/a//../b", "/a/b", "/a/b", "/a/b"],
  ["/a%2fb", "/a%2Fb", "/a%2Fb", "/a/b"],
  ["/a%5cb", "/a%5Cb", "/a%5Cb", "/a/b"],
  ["/a%2f..%2fb", "/a%2F..%2Fb", "/a%2F..%2Fb", "/b"],
  ["/a%2F%2fb", "/a%2F%2Fb", "/a%2F%2Fb", "/a/b"],
  ["/a/%252e%252e/b", "/a/%252e%252e/b", "/a/%252e%252e/b", "/a/%252e%252e/b"],
  // A stray percent sign must not make a new encoding out of an old one.
  ["/a/%%32e%%32e/b", "/b", "/b", "/b"],
  ["/a%%32fb", "/a%2Fb", "/a%2Fb", "/a/b"],
  same("/%%%%%%3333333", undefined),
];
const MODES: PathNormalization[] = [
  "BASE",
  "MERGE_SLASHES",
  "DECODE_AND_MERGE_SLASHES",
];
for (const [path, ...expected] of rows) {
  for (const [index, mode] of MODES.entries()) {
    Deno.test(`normalizePath() ${mode} of ${JSON.stringify(path)}`, () => {
      assert.equal(normalizePath(path, mode), expected[index]);
    });
  }
}

Deno.test("normalizePath() NONE leaves all as it is", () => {
  for (const [path] of rows) assert.equal(normalizePath(path, "NONE"), path);
});

const hostilePath = fc.array(
  fc.constantFrom(
    "/",
    "..",
    ".",
    "%",
    "2",
    "e",
    "E",
    "f",
    "\\",
    "5c",
    "a",
    "%2e",
    "%2f",
    ";",
    "//",
  ),
  { maxLength: 30 },
).map((parts) => `/${parts.join("")}`);

for (const mode of MODES) {
  Deno.test(`normalizePath() ${mode} leaves nothing to normalise`, () => {
    fc.assert(fc.property(hostilePath, (path) => {
      const once = normalizePath(path, mode);
      if (once === undefined) return;
      assert.equal(normalizePath(once, mode), once);
      assert.doesNotMatch(once, /(^|\/)\.{1,2}(\/|$)/);
      assert.doesNotMatch(once, /%2e|\\/i);
      if (mode !== "BASE") assert.doesNotMatch(once, /\/\//);
      if (mode === MODES[2]) assert.doesNotMatch(once, /%2f|%5c/i);
    }));
  });
}

for (
  const [target, path] of [
    ["/a", "/a"],
    ["/a?b=/c", "/a"],
    ["/a#b?c", "/a"],
    ["/a?b#c?d", "/a"],
    ["?a", ""],
  ] as const
) {
  Deno.test(`policyPath() of ${target}`, () => {
    assert.equal(policyPath(target), path);
  });
}
