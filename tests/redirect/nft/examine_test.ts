import assert from "node:assert/strict";
import { examineNft } from "../../../src/redirect/nft/examine.ts";
import { planNft } from "../../../src/redirect/nft/plan.ts";
import type { NftRuleset } from "../../../src/redirect/nft/ruleset.ts";
import {
  DEFAULT_REDIRECT_OPTIONS,
  type RedirectOptions,
} from "../../../src/redirect/plan.ts";

/** Tables just as they are planned. */
function rulesetOf(options: Partial<RedirectOptions>): NftRuleset {
  const plan = planNft({ ...DEFAULT_REDIRECT_OPTIONS, ...options });
  return {
    tables: new Map(plan.map(({ name, chains }) => [name, {
      hasFlags: false,
      sets: new Map(),
      chains: new Map(chains.map((chain) => [chain.name, chain])),
    }])),
  };
}

const rows: [
  name: string,
  options: Partial<RedirectOptions>,
  seen: { families?: number[]; dnsCapture?: boolean; ingressMode?: boolean },
][] = [
  ["of the default options", {}, {}],
  ["with DNS capture", { dnsCapture: true }, { dnsCapture: true }],
  ["without IPv6", { ipv6: false, dnsCapture: true }, {
    families: [4],
    dnsCapture: true,
  }],
  ["of an ingress gateway", { ingressMode: true }, { ingressMode: true }],
  ["with virtual interfaces", { virtualInterfaces: ["vnet+", "br0"] }, {}],
];
for (const [name, options, seen] of rows) {
  Deno.test(`examineNft() knows a redirection ${name}`, () => {
    assert.deepEqual(examineNft(rulesetOf(options)), {
      families: [4, 6],
      dnsCapture: false,
      ingressMode: false,
      differences: [],
      ...seen,
    });
  });
}

Deno.test("examineNft() names what keeps a redirection from being whole", () => {
  const whole = rulesetOf({});
  const tables = new Map(whole.tables);
  tables.delete("istio-ambient-mangle");
  assert.deepEqual(examineNft({ tables })?.differences, [
    "inet istio-ambient-mangle: the table is missing",
  ]);
});

Deno.test("examineNft() finds none in tables of others", () => {
  const tables = new Map(
    [...rulesetOf({}).tables.values()].map((table, i) =>
      [`other-${i}`, table] as const
    ),
  );
  assert.equal(examineNft({ tables }), undefined);
});
