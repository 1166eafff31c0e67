import assert from "node:assert/strict";
import {
  replacePath,
  rewriteRequest,
} from "../../../src/decide/http/rewrite.ts";
import { exact, prefix, request } from "./routes.ts";

/** What is matched has lost the slash at its end: `/foo/` is `/foo`. */
const prefixRows: [
  match: string,
  replacement: string,
  path: string,
  result: string,
][] = [
  ["/foo", "/xyz", "/foo/bar", "/xyz/bar"],
  ["/foo", "/xyz", "/foo", "/xyz"],
  ["/foo", "/xyz", "/foo/", "/xyz/"],
  ["/foo", "/xyz/", "/foo/bar", "/xyz/bar"],
  ["/foo", "/xyz/", "/foo", "/xyz"],
  ["/foo", "", "/foo/bar", "/bar"],
  ["/foo", "/", "/foo/bar", "/bar"],
  ["/foo", "", "/foo", "/"],
  ["/foo", "/", "/foo", "/"],
  ["/foo", "", "/foo/", "/"],
  ["/foo", "/", "/foo/", "/"],
  ["", "/xyz", "/foo", "/xyz/foo"],
  ["", "/xyz", "/", "/xyz/"],
  ["/foo", "/xyz", "/foo/bar?a=/foo", "/xyz/bar?a=/foo"],
  ["/foo", "/xyz", "/foo?a=b", "/xyz?a=b"],
  ["/foo", "xyz", "/foo/bar", "/xyz/bar"],
  ["/foo/bar", "/x/y/z", "/foo/bar/baz", "/x/y/z/baz"],
];
for (const [match, value, path, result] of prefixRows) {
  Deno.test(`replacePath() makes ${path} ${result} by ${match} to "${value}"`, () => {
    const replaced = replacePath(
      path,
      { kind: "prefix", value },
      prefix(match),
    );
    assert.equal(replaced, result);
  });
}

const fullRows: [value: string, path: string, result: string][] = [
  ["/one", "/foo/bar", "/one"],
  ["/one", "/foo?a=b", "/one?a=b"],
  ["", "/foo", "/"],
];
for (const [value, path, result] of fullRows) {
  Deno.test(`replacePath() makes ${path} ${result} in full`, () => {
    const replaced = replacePath(path, { kind: "full", value }, exact(path));
    assert.equal(replaced, result);
  });
}

Deno.test("replacePath() leaves a path that no prefix matched", () => {
  const replacement = { kind: "prefix", value: "/xyz" } as const;
  assert.equal(replacePath("/foo", replacement, exact("/foo")), "/foo");
  assert.equal(replacePath("/food", replacement, prefix("/foo")), "/food");
});

Deno.test("rewriteRequest() changes host and path, each if it is named", () => {
  const path = { kind: "full", value: "/one" } as const;
  const asked = request("/foo", { authority: "echo:80" });
  assert.deepEqual(
    rewriteRequest(asked, { hostname: "other", path }, prefix("")),
    { ...asked, authority: "other", path: "/one" },
  );
  assert.deepEqual(rewriteRequest(asked, {}, prefix("")), asked);
});
