import assert from "node:assert/strict";
import { parseNftRuleset } from "../../../src/redirect/nft/ruleset.ts";

const textOf = (...rows: unknown[]) => JSON.stringify({ nftables: rows });
const inet = { family: "inet" };
const table = { table: { ...inet, name: "t" } };

Deno.test("parseNftRuleset() reads tables of family inet alone", () => {
  const text = textOf(
    { metainfo: { version: "1.0.6" } },
    table,
    { table: { family: "ip", name: "u" } },
    { chain: { family: "ip", table: "u", name: "c" } },
    {
      chain: {
        ...inet,
        table: "t",
        name: "c",
        type: "nat",
        hook: "output",
        prio: -100,
      },
    },
    { rule: { ...inet, table: "t", chain: "c", expr: [{ accept: null }] } },
    {
      set: {
        ...inet,
        table: "t",
        name: "s",
        type: "ipv4_addr",
        elem: ["10.0.0.1", { prefix: { addr: "10.1.0.0", len: 16 } }],
      },
    },
  );
  const { tables } = parseNftRuleset(text);
  assert.deepEqual([...tables.keys()], ["t"]);
  const found = tables.get("t")!;
  assert.deepEqual(found.chains.get("c"), {
    base: "type nat hook output priority -100; policy accept;",
    rules: [{ matches: [], action: "accept" }],
  });
  assert.deepEqual(found.sets.get("s"), {
    type: "ipv4_addr",
    elements: ["10.0.0.1"],
  });
});

Deno.test("parseNftRuleset() passes over what belongs to nothing", () => {
  const text = textOf(
    null,
    7,
    { rule: null },
    { rule: { ...inet, table: "t", chain: "none", expr: [] } },
    table,
    { rule: { ...inet, table: "t", chain: "none", expr: [] } },
    { rule: { ...inet, table: "t", chain: "none" } },
  );
  assert.equal(parseNftRuleset(text).tables.get("t")?.chains.size, 0);
});

for (const text of ["", "JSON support not compiled-in", "[]", "null", "{}"]) {
  Deno.test(`parseNftRuleset() refuses ${JSON.stringify(text)}`, () => {
    assert.throws(
      () => parseNftRuleset(text),
      /^RedirectError: Cannot read the output of "nft -j": .*hint/,
    );
  });
}
