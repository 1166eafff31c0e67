import assert from "node:assert/strict";
import fc from "fast-check";
import { pathHash, prefixHashes } from "../../../src/decide/http/path_hash.ts";

Deno.test("pathHash() tells kinds apart", () => {
  const kinds = ["exact", "prefix", "grpcService", "grpcMethod"] as const;
  for (const text of ["", "/a"]) {
    assert.equal(new Set(kinds.map((kind) => pathHash(kind, text))).size, 4);
  }
});

Deno.test("prefixHashes() has the hash of every prefix of whole segments", () => {
  const path = fc.array(fc.constantFrom("/", "a", "é", "😀"), { maxLength: 12 })
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(path, fc.nat({ max: 12 }), (path, lengthMax) => {
      const prefixes = Array.from(
        { length: path.length + 1 },
        (_, length) => path.slice(0, length),
      )
        .filter(({ length }) =>
          length === 0 || length === path.length || path[length] === "/"
        )
        .filter(({ length }) => length <= lengthMax);
      assert.deepEqual(
        prefixHashes(path, lengthMax),
        prefixes.reverse().map((prefix) => pathHash("prefix", prefix)),
      );
    }),
  );
});
