import assert from "node:assert/strict";
import { compilePathTemplate } from "../../../src/decide/http/path_template.ts";

const rows: [template: string, hits: string[], misses: string[]][] = [
  ["/foo/{*}", ["/foo/bar", "/foo/b;c", "/foo/*"], [
    "/foo/bar/baz",
    "/foo/",
    "/foo",
    "/foo//",
    "/x/bar",
    "/Foo/bar",
    "foo/bar",
  ]],
  ["/foo/{**}", ["/foo/", "/foo/a", "/foo/a/b/", "/foo//"], [
    "/foo",
    "/foobar",
    "/x/foo/a",
  ]],
  ["/foo/{**}/", ["/foo/bar/", "/foo/bar/baz.txt", "/foo//"], [
    "/foo/bar",
    "/foo/",
    "/foo",
  ]],
  ["/foo/{*}/bar/{**}", ["/foo/x/bar/", "/foo/x/bar/baz", "/foo/x/bar/a/b"], [
    "/foo/bar/x",
    "/foo/x/bar",
    "/foo//bar/x",
    "/foo/x/y/bar/z",
  ]],
  ["/{*}/foo", ["/a/foo"], ["/a/foo/", "//foo", "/a/b/foo"]],
  ["/{*}/foo/", ["/a/foo/"], ["/a/foo"]],
  ["/foo/{**}/bar", ["/foo//bar", "/foo/a/bar", "/foo/a/b/bar"], [
    "/foo/bar",
    "/foo/a/bar/",
    "/foo/a/xbar",
  ]],
  ["/{**}", ["/", "/a", "//"], [""]],
  ["/foo/{**}/a.b", ["/foo/x/a.b"], ["/foo/x/acb"]],
];
for (const [template, hits, misses] of rows) {
  for (const path of [...hits, ...misses]) {
    const does = hits.includes(path);
    Deno.test(`${template} ${does ? "takes" : "leaves"} ${path}`, () => {
      assert.equal(compilePathTemplate(template)(path), does);
    });
  }
}
