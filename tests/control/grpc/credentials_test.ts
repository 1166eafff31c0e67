import assert from "node:assert/strict";
import {
  ControlPlaneError,
  readRoots,
  readToken,
} from "../../../src/control/grpc/mod.ts";
import {
  ROOTS_OCTETS_MAX,
  TOKEN_OCTETS_MAX,
} from "../../../src/control/grpc/limits.ts";
import { makeTestCa } from "../../support/test_ca.ts";

/** Runs with the path of a file of that text; undefined: of none. */
async function withFile<T>(
  text: string | undefined,
  run: (path: string) => Promise<T>,
): Promise<T> {
  const dir = await Deno.makeTempDir();
  try {
    const path = `${dir}/file`;
    if (text !== undefined) await Deno.writeTextFile(path, text);
    return await run(path);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const tokens: [text: string | undefined, token: string | RegExp][] = [
  ["abc.def", "abc.def"],
  ["abc\n", "abc"],
  ["", /^Cannot use token ".*file": it is empty$/],
  [" \n\t", /^Cannot use token ".*file": it is empty$/],
  [
    "secret\nsecond",
    /^Cannot use token ".*file": not a line of printable ASCII$/,
  ],
  ["secr\u00e9t", /^Cannot use token ".*file": not a line of printable ASCII$/],
  [
    "x".repeat(TOKEN_OCTETS_MAX + 1),
    /file": 65537 octets, at most 65536 are read$/,
  ],
  [undefined, /^Cannot use ".*file": no such file$/],
];
for (const [text, token] of tokens) {
  const name = JSON.stringify(text?.slice(0, 20) ?? "no file");
  Deno.test(`readToken() of ${name} gives ${token}`, () =>
    withFile(text, async (path) => {
      const reading = readToken({ kind: "file", path });
      if (typeof token === "string") {
        return assert.equal(await reading, token);
      }
      await assert.rejects(reading, (reason) => {
        assert.ok(reason instanceof ControlPlaneError);
        assert.match(reason.message, token);
        assert.doesNotMatch(reason.message, /secr/);
        return true;
      });
    }));
}

Deno.test("readToken() takes a token that is said", async () => {
  assert.equal(await readToken({ kind: "static", token: " a " }), "a");
});

Deno.test("readRoots() takes roots from where they are said to be", async () => {
  const { certificatePem: pem } = await makeTestCa();
  assert.equal(await readRoots({ kind: "inline", pem }), pem);
  await withFile(
    pem,
    async (path) => assert.equal(await readRoots({ kind: "file", path }), pem),
  );
  assert.match(await readRoots({ kind: "system" }), /BEGIN CERTIFICATE/);
});

const roots: [text: string | undefined, why: RegExp][] = [
  [undefined, /^Cannot use ".*file": no such file$/],
  ["", /^Cannot use ".*file": no certificate in it$/],
  [
    "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----",
    /no certificate in it$/,
  ],
  [
    "x".repeat(ROOTS_OCTETS_MAX + 1),
    /1048577 octets, at most 1048576 are read$/,
  ],
];
for (const [text, why] of roots) {
  const name = JSON.stringify(text?.slice(0, 40) ?? "no file");
  Deno.test(`readRoots() refuses ${name}`, () =>
    withFile(text, async (path) => {
      await assert.rejects(readRoots({ kind: "file", path }), (reason) => {
        assert.ok(reason instanceof ControlPlaneError);
        assert.match(reason.message, why);
        return true;
      });
    }));
}
