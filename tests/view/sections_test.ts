import assert from "node:assert/strict";
import { DumpError, renderSection, type Section } from "../../src/view/mod.ts";
import { SAMPLE, WAYPOINT } from "./sample_dump.ts";

const NOW = new Date("2026-06-01T00:00:00Z");
const OF_WAYPOINT = { ...SAMPLE, hairpin: { waypoint: WAYPOINT } };

const show = (
  dump: unknown,
  section: Section | "all",
  output: "table" | "json" = "table",
) => renderSection(JSON.stringify(dump), { section, output, now: NOW });

const tables: [section: Section, dump: unknown, lines: string[]][] = [
  ["workloads", SAMPLE, [
    "NAMESPACE POD NAME ADDRESS          NODE   WAYPOINT PROTOCOL",
    "other     far      far.example             NA       TCP",
    "shop      web-1    10.0.0.1         node-a wp       TCP",
    "shop      web-1    10.0.0.2,fd00::2 node-b wp       HBONE",
  ]],
  ["services", SAMPLE, [
    "NAMESPACE SERVICE NAME SERVICE VIP          WAYPOINT ENDPOINTS",
    "other     bare                              None     0/0",
    "shop      web          10.96.0.1,fd00:96::1 wp       1/3",
    "shop      wp           10.96.0.7            None     0/0",
  ]],
  ["policies", OF_WAYPOINT, [
    "NAMESPACE    POLICY NAME ACTION SCOPE",
    "istio-system all         Allow  Global",
    "shop         deny        Deny   Namespace",
    "shop         l7          Custom Gateway",
    "shop         l7-web      Deny   shop/web.shop.svc.cluster.local",
  ]],
  ["certificates", SAMPLE, [
    "CERTIFICATE NAME                       TYPE         STATUS      VALID CERT SERIAL NUMBER                    NOT AFTER            NOT BEFORE",
    "spiffe://cluster.local/ns/shop/sa/web  Leaf         Available   true       e5dfb59150b2ba7f108d93dcec5aa613 2099-01-01T00:00:00Z 2020-01-01T00:00:00Z",
    "spiffe://cluster.local/ns/shop/sa/web  Intermediate Available   false      ff                               2021-01-01T00:00:00Z 2020-01-01T00:00:00Z",
    "spiffe://cluster.local/ns/shop/sa/web  Root         Available   false      1                                2099-01-01T00:00:00Z 2098-01-01T00:00:00Z",
    "spiffe://cluster.local/ns/shop/sa/cart NA           Unavailable false      NA                               NA                   NA",
  ]],
  ["connections", SAMPLE, [
    "WORKLOAD   DIRECTION LOCAL           REMOTE           REMOTE TARGET                 PROTOCOL",
    "web-1.shop Inbound   web-1.shop:8080 10.0.0.9:5000    web.shop.svc.cluster.local    HBONE",
    "web-1.shop Inbound   [fd00::2]:8080  [fd00::9]:1                                    TCP",
    "web-1.shop Outbound  web-1.shop:4000 web-1.shop:15008 web.shop.svc.cluster.local:80 HBONE",
  ]],
  ["routes", OF_WAYPOINT, [
    "SERVICE                         PORT CLIENTS MATCH                      BACKENDS                           FILTERS         KIND      ROUTE       RULE",
    "shop/web.shop.svc.cluster.local 80   all     POST /buy x-user:~a.* ?q=1 shop/a:80(9),invalid(1)            mirrors,rewrite HTTPRoute shop/main   1",
    "shop/web.shop.svc.cluster.local 80   all     /api/*                     -                                  redirect        HTTPRoute shop/main   0",
    "shop/web.shop.svc.cluster.local 80   all     ~/v[0-9]+                  invalid: filter of an unknown type -               HTTPRoute shop/main   2",
    "shop/web.shop.svc.cluster.local 90   other   a.B/*                      shop/a:90                          -               GRPCRoute other/calls 0",
    "shop/web.shop.svc.cluster.local 90   other   a.example,*.b.example      shop/a:443                         -               GRPCRoute other/tls   0",
    "shop/web.shop.svc.cluster.local 90   other   *                          shop/a:1                           -               GRPCRoute other/tcp   0",
  ]],
];
for (const [section, dump, lines] of tables) {
  Deno.test(`renderSection() shows ${section} as a table`, () => {
    assert.equal(show(dump, section), lines.map((l) => `${l}\n`).join(""));
  });
}

Deno.test("renderSection() shows all, each with an empty line before", () => {
  const sections = ["workloads", "services", "policies"] as const;
  const more = ["certificates", "connections"] as const;
  const of = (dump: unknown, names: readonly Section[]) =>
    names.map((name) => `\n${show(dump, name)}`).join("");
  assert.equal(show(SAMPLE, "all"), of(SAMPLE, [...sections, ...more]));
  assert.equal(
    show(OF_WAYPOINT, "all"),
    of(OF_WAYPOINT, [...sections, ...more, "routes"]),
  );
});

const raw: [section: Section | "all", shown: unknown][] = [
  ["workloads", SAMPLE.workloads],
  ["services", SAMPLE.services],
  ["policies", SAMPLE.policies],
  ["certificates", SAMPLE.certificates],
  ["connections", SAMPLE.workloadState],
  ["routes", WAYPOINT.routes],
  ["all", OF_WAYPOINT],
];
for (const [section, shown] of raw) {
  Deno.test(`renderSection() gives ${section} as JSON, as the dump has it`, () => {
    assert.deepEqual(JSON.parse(show(OF_WAYPOINT, section, "json")), shown);
  });
}

Deno.test("renderSection() takes a dump without a section for an empty one", () => {
  assert.equal(show({}, "policies"), "NAMESPACE POLICY NAME ACTION SCOPE\n");
  assert.equal(show({}, "policies", "json"), "[]\n");
});

const faults: [text: string, section: Section, error: string][] = [
  ["no", "services", "Cannot read the dump: it is not JSON"],
  ["[1]", "services", "Cannot read the dump: it is no object"],
  [
    '{"workloads":[{"name":"a"},{"name":1}]}',
    "services",
    'Cannot read the dump at "workloads.1.name": want string, found 1',
  ],
  [
    '{"hairpin":{"waypoint":{"routes":[{"port":"x"}]}}}',
    "routes",
    'Cannot read the dump at "hairpin.waypoint.routes.0.port": want number, found "x"',
  ],
  ["{}", "routes", 'Cannot show "routes": it is no dump of a waypoint'],
];
for (const [text, section, message] of faults) {
  Deno.test(`renderSection() says of ${text}: ${message}`, () => {
    const options = { section, output: "table", now: NOW } as const;
    assert.throws(
      () => renderSection(text, options),
      (error) => error instanceof DumpError && error.message === message,
    );
  });
}

Deno.test("renderSection() gives no routes of a node as JSON either", () => {
  assert.throws(() => show(SAMPLE, "routes", "json"), DumpError);
});

Deno.test("renderSection() lets no cell move the cursor, turn text round or fill the screen", () => {
  const policies = [{
    name: "\x1b[2Ja\u0007\u009b\u202eb\n",
    namespace: "x".repeat(1_000),
  }];
  const text = show({ policies }, "policies");
  const [, row = "", ...rest] = text.split("\n");
  assert.deepEqual(rest, [""]);
  assert.equal(row, `${"x".repeat(255)}… ?[2Ja???b?`);
});
