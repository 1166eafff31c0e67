import assert from "node:assert/strict";
import { ConfigError } from "../../src/base/errors.ts";
import {
  DEFAULT_REDIRECT_OPTIONS,
  type FamilyPlan,
  planRedirect,
  type RedirectOptions,
} from "../../src/redirect/plan.ts";
import { parseRuleset } from "../../src/redirect/ruleset.ts";
import { TARGET, TARGET_WITH_DNS } from "./target_state.ts";

const plan = (options: Partial<RedirectOptions> = {}) =>
  planRedirect({ ...DEFAULT_REDIRECT_OPTIONS, ...options });

/** Own chains and jumps of each table, rule by rule. */
function linesOf(plan: FamilyPlan): string[] {
  return plan.tables.flatMap(({ name, jumps, chains }) => [
    ...jumps.map(({ from, to }) => `${name} ${from} -j ${to}`),
    ...chains.flatMap((chain) =>
      chain.rules.map((rule) => `${name} ${chain.name} ${rule}`)
    ),
  ]);
}

function linesOfText(text: string): string[] {
  return [...parseRuleset(text).tables].flatMap(([table, { chains }]) =>
    [...chains].flatMap(([chain, { rules }]) =>
      rules.map((rule) => `${table} ${chain} ${rule}`)
    )
  );
}

for (const family of [4, 6] as const) {
  for (const dnsCapture of [false, true]) {
    Deno.test(`planRedirect() is Istio's state for IPv${family}, DNS capture ${dnsCapture}`, () => {
      const found = plan({ dnsCapture }).find((p) => p.family === family);
      const target = dnsCapture ? TARGET_WITH_DNS : TARGET;
      assert.deepEqual(
        linesOf(found!).sort(),
        linesOfText(target[family]).sort(),
      );
    });
  }
}

Deno.test("planRedirect() keeps the order of rules in a chain", () => {
  const nat = plan({ dnsCapture: true })[0]!.tables[1]!;
  const rules = parseRuleset(TARGET_WITH_DNS[4]).tables.get("nat")!.chains;
  for (const { name, rules: planned } of nat.chains) {
    assert.deepEqual(planned, rules.get(name)!.rules);
  }
});

Deno.test("planRedirect() leaves IPv6 out when told", () => {
  assert.deepEqual(plan({ ipv6: false }).map((p) => p.family), [4]);
});

Deno.test("planRedirect() leaves inbound alone in ingress mode, but marks it", () => {
  const [v4] = plan({ ingressMode: true });
  const own = linesOf(v4!).filter((line) => line.includes("ISTIO_PRERT "));
  assert.deepEqual(own, [
    "mangle ISTIO_PRERT -m mark --mark 0x539/0xfff -j CONNMARK --set-xmark 0x111/0xfff",
  ]);
  assert.ok(linesOf(v4!).includes("nat PREROUTING -j ISTIO_PRERT"));
});

Deno.test("planRedirect() puts virtual interfaces first", () => {
  const [v4] = plan({ virtualInterfaces: ["br0", "kube+"] });
  const prerouting = v4!.tables[1]!.chains[1]!.rules;
  assert.deepEqual(prerouting.slice(0, 4), [
    "-i br0 -p tcp -j REDIRECT --to-ports 15001",
    "-i br0 -p tcp -j RETURN",
    "-i kube+ -p tcp -j REDIRECT --to-ports 15001",
    "-i kube+ -p tcp -j RETURN",
  ]);
  assert.equal(prerouting.length, 6);
});

const names = ["", "-j", "a b", 'a"b', "a\nCOMMIT", "sixteen-letters-", "a/b"];
for (const name of names) {
  Deno.test(`planRedirect() refuses interface ${JSON.stringify(name)}`, () => {
    assert.throws(() => plan({ virtualInterfaces: [name] }), ConfigError);
  });
}
