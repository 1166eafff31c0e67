import assert from "node:assert/strict";
import fc from "fast-check";
import {
  completed,
  isCutOff,
  parseChainNames,
  parseNftRuleset,
} from "../../../src/redirect/nft/ruleset.ts";

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

Deno.test("parseNftRuleset() reads a table whose flags it broke off at", () => {
  const whole = textOf(table, { rule: { ...inet, table: "t" } });
  const cut = `${whole.slice(0, whole.indexOf("}"))},"flags": `;
  assert.ok(isCutOff(cut));
  assert.ok(!isCutOff(whole));
  assert.equal(completed(whole), whole);
  const found = parseNftRuleset(completed(cut)).tables.get("t");
  assert.equal(found?.hasFlags, true);
});

Deno.test("parseNftRuleset() throws nothing but RedirectError, whatever it reads", () => {
  const row = fc.dictionary(
    fc.constantFrom("table", "chain", "rule", "set", "other"),
    fc.oneof(
      fc.anything(),
      fc.record({
        family: fc.constant("inet"),
        name: fc.constantFrom("t", "c"),
        table: fc.constant("t"),
        chain: fc.constant("c"),
        expr: fc.array(fc.anything()),
        elem: fc.anything(),
      }, { requiredKeys: [] }),
    ),
  );
  fc.assert(
    fc.property(fc.array(row), (rows) => {
      const text = JSON.stringify(
        { nftables: rows },
        (_key, value) => typeof value === "bigint" ? `${value}` : value,
      );
      parseNftRuleset(text);
      parseChainNames(text);
    }),
  );
});
