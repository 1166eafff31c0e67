import assert from "node:assert/strict";
import { answerName, type NameSettings } from "../../src/decide/dns_answer.ts";
import { nameCandidates, wildcardsOf } from "../../src/decide/dns_names.ts";
import type { Service } from "../../src/model/service.ts";
import {
  pod,
  scripted,
  service,
  serving,
  stateOf,
} from "../support/sample_mesh.ts";

const ASKER = { namespace: "ns1", clusterDomain: "cluster.local" };
const CLUSTER = "svc.cluster.local";

const names: [asked: string, want: string[]][] = [
  ["web", ["web", `web.ns1.${CLUSTER}`]],
  ["web.shop", ["web.shop", `web.shop.${CLUSTER}`, `web.shop.ns1.${CLUSTER}`]],
  ["a.web.shop", ["a.web.shop", `a.web.shop.${CLUSTER}`]],
  [
    "web.shop.svc",
    ["web.shop.svc", `web.shop.${CLUSTER}`, `web.shop.svc.${CLUSTER}`],
  ],
  ["a.web.shop.svc", ["a.web.shop.svc", `a.web.shop.${CLUSTER}`]],
  ["a.b.c.d", ["a.b.c.d"]],
  ["a.b.c.d.svc", ["a.b.c.d.svc"]],
  [`web.shop.${CLUSTER}`, [
    `web.shop.${CLUSTER}`,
    "web.shop < web.shop",
    `web.shop.ns1.${CLUSTER} < web.shop`,
    `web.shop.svc < web.shop.svc`,
    `web.shop.svc.${CLUSTER} < web.shop.svc`,
  ]],
  [`www.example.com.ns1.${CLUSTER}`, [
    `www.example.com.ns1.${CLUSTER}`,
    "www.example.com < www.example.com",
    `www.example.com.${CLUSTER} < www.example.com`,
    "www.example.com.ns1 < www.example.com.ns1",
    "www.example.com.ns1.svc < www.example.com.ns1.svc",
  ]],
  ["cluster.local", [
    "cluster.local",
    `cluster.local.${CLUSTER}`,
    `cluster.local.ns1.${CLUSTER}`,
  ]],
];
for (const [asked, want] of names) {
  Deno.test(`nameCandidates() of ${asked}`, () => {
    const found = nameCandidates(asked, ASKER).map(({ name, stripped }) =>
      stripped === undefined ? name : `${name} < ${stripped}`
    );
    assert.deepEqual(found, want);
  });
}

Deno.test("wildcardsOf() goes from the most specific to the least", () => {
  assert.deepEqual(wildcardsOf("a.b.c"), ["*.b.c", "*.c"]);
  assert.deepEqual(wildcardsOf("a"), []);
});

const external = (hostname: string, vip: string, more: Partial<Service> = {}) =>
  service(hostname, [vip], { hostname, ...more });

const MESH = stateOf({
  workloads: [
    pod("a", ["10.1.0.1", "fd01::1"], serving("headless")),
    pod("b", ["10.1.0.2", "10.1.0.3"], serving("headless")),
    pod("sick", ["10.1.0.4"], { ...serving("headless"), status: "Unhealthy" }),
  ],
  services: [
    service("web", ["10.2.0.1", "fd02::1"]),
    service("v4", ["10.2.0.2", "fd02::2"], { ipFamilies: "IPv4" }),
    service("v6", ["10.2.0.3", "fd02::3"], { ipFamilies: "IPv6" }),
    service("headless", []),
    service("empty", []),
    service("elsewhere", [], {
      vips: [
        { network: "other", ip: "10.2.0.4" as never },
        { network: "", ip: "10.2.0.5" as never },
      ],
    }),
    external("api.example.com", "10.3.0.1"),
    external("*.wild.example.com", "10.3.0.2"),
    external("*.deep.wild.example.com", "10.3.0.3"),
    external("*.example.net", "10.3.0.4"),
    service("no-address", [], { hostname: "no-address.example.com" }),
    external("secret.example.com", "10.3.0.5", {
      namespace: "ns2",
      visibility: "Namespace",
    }),
    external("many.example.com", "10.4.0.1", { namespace: "ns2" }),
    external("many.example.com", "10.4.0.2", { namespace: "ns3" }),
    external("many.example.com", "10.4.0.3", {
      namespace: "ns4",
      canonical: true,
    }),
    external("some.example.com", "10.5.0.1", { namespace: "ns2" }),
    external("some.example.com", "10.5.0.2", { namespace: "ns3" }),
  ],
});

const SETTINGS: NameSettings = {
  clusterDomain: "cluster.local",
  preferredNamespace: undefined,
  ipv6: true,
};

const ask = (
  name: string,
  family: 4 | 6,
  namespace = "ns1",
  settings: Partial<NameSettings> = {},
) =>
  answerName(
    MESH,
    { name, family, client: { namespace, network: "" } },
    { ...SETTINGS, ...settings },
    scripted(0),
  );

/** Addresses, `ALIAS > ` in front; or what else the answer is. */
function short(answer: ReturnType<typeof ask>): string {
  if (answer.kind === "none") return "none";
  if (answer.kind === "empty") return `no ${answer.why}`;
  const ips = [...answer.ips].sort().join(" ");
  return answer.alias === undefined ? ips : `${answer.alias} > ${ips}`;
}

const rows: [name: string, family: 4 | 6, want: string][] = [
  ["web.ns1.svc.cluster.local", 4, "10.2.0.1"],
  ["web.ns1.svc.cluster.local", 6, "fd02::1"],
  ["web", 4, "10.2.0.1"],
  ["web.ns1", 4, "10.2.0.1"],
  ["web.ns1.svc", 4, "10.2.0.1"],
  ["web.ns2", 4, "none"],
  ["web.ns1.ns1.svc.cluster.local", 4, "web.ns1 > 10.2.0.1"],
  ["web.ns1.svc.svc.cluster.local", 4, "web.ns1.svc > 10.2.0.1"],
  ["v4.ns1.svc.cluster.local", 6, "no family"],
  ["v6.ns1.svc.cluster.local", 4, "no family"],
  ["v6.ns1.svc.cluster.local", 6, "fd02::3"],
  ["headless.ns1.svc.cluster.local", 4, "10.1.0.1 10.1.0.2"],
  ["headless.ns1.svc.cluster.local", 6, "fd01::1"],
  ["a.headless.ns1.svc.cluster.local", 4, "none"],
  ["empty.ns1.svc.cluster.local", 4, "no records"],
  ["elsewhere.ns1.svc.cluster.local", 4, "10.2.0.5"],
  ["api.example.com", 4, "10.3.0.1"],
  ["api.example.com", 6, "no records"],
  ["api.example.com.ns1.svc.cluster.local", 4, "api.example.com > 10.3.0.1"],
  ["api.example.com.cluster.local", 4, "api.example.com > 10.3.0.1"],
  ["wild.example.com", 4, "none"],
  ["x.wild.example.com", 4, "10.3.0.2"],
  ["x.y.wild.example.com", 4, "10.3.0.2"],
  ["x.deep.wild.example.com", 4, "10.3.0.3"],
  ["x.example.net.ns1.svc.cluster.local", 4, "10.3.0.4"],
  ["no-address.example.com", 4, "none"],
  ["secret.example.com", 4, "none"],
  ["www.example.org", 4, "none"],
  ["com", 4, "none"],
];
for (const [name, family, want] of rows) {
  Deno.test(`answerName() of ${name} over IPv${family} is ${want}`, () => {
    assert.equal(short(ask(name, family)), want);
  });
}

Deno.test("answerName() hides IPv6 where it is off", () => {
  const off = { ipv6: false };
  assert.equal(short(ask("web", 6, "ns1", off)), "no family");
  assert.equal(short(ask("web", 4, "ns1", off)), "10.2.0.1");
});

const choices: [who: string, name: string, preferred: string, want: string][] =
  [
    ["ns2", "secret.example.com", "", "10.3.0.5"],
    ["ns3", "many.example.com", "ns2", "10.4.0.2"],
    ["ns1", "many.example.com", "ns2", "10.4.0.3"],
    ["ns1", "some.example.com", "ns3", "10.5.0.2"],
    ["ns1", "some.example.com", "", "10.5.0.1"],
  ];
for (const [who, name, preferredNamespace, want] of choices) {
  Deno.test(`answerName() chooses ${want} of ${name} for ${who}, "${preferredNamespace}" preferred`, () => {
    assert.equal(short(ask(name, 4, who, { preferredNamespace })), want);
  });
}

Deno.test("answerName() shuffles", () => {
  const question = {
    name: "headless",
    family: 4,
    client: { namespace: "ns1", network: "" },
  } as const;
  const first = (random: () => number) => {
    const answer = answerName(MESH, question, SETTINGS, random);
    return answer.kind === "addresses" && answer.ips[0];
  };
  assert.notEqual(first(scripted(0)), first(scripted(0.99)));
});
