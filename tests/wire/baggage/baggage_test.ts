import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import type { Baggage } from "../../../src/model/baggage.ts";
import { DEFAULT_WORKLOAD } from "../../../src/model/workload.ts";
import {
  BAGGAGE_MEMBERS_MAX,
  BAGGAGE_TEXT_MAX,
  BAGGAGE_VALUE_MAX,
  baggageOfWorkload,
  decodeBaggage,
  encodeBaggage,
} from "../../../src/wire/baggage/mod.ts";

const NOTHING = baggageOfWorkload({ ...DEFAULT_WORKLOAD, clusterId: "" });

Deno.test("encodeBaggage() writes every member in ztunnel's order", () => {
  const baggage = baggageOfWorkload({
    ...DEFAULT_WORKLOAD,
    namespace: "shop",
    workloadType: "cronjob",
    workloadName: "cart",
    canonicalName: "cart-svc",
    canonicalRevision: "v1",
    locality: { region: "eu", zone: "eu-1", subzone: "x" },
  });
  equal(
    encodeBaggage(baggage),
    "k8s.cluster.name=Kubernetes,k8s.namespace.name=shop,k8s.cronjob.name=cart," +
      "service.name=cart-svc,service.version=v1,cloud.region=eu,cloud.availability_zone=eu-1",
  );
});

const unwritable = ["", "a,b", "a=b", "é", "a\nb", "x".repeat(257)];
for (const zone of unwritable) {
  Deno.test(`encodeBaggage() leaves out ${JSON.stringify(zone.slice(0, 8))}`, () => {
    equal(encodeBaggage({ ...NOTHING, zone }), "");
  });
}

const read: [headers: string[], said: Partial<Baggage>][] = [
  [["k8s.namespace.name=shop"], { namespace: "shop" }],
  [["k8s.job.name=j"], { workloadType: "job", workloadName: "j" }],
  [["service.name=a,service.name=b"], { canonicalName: "b" }],
  [["service.name=a", "cloud.region=r"], { canonicalName: "a", region: "r" }],
  [["service.name=a=b"], { canonicalName: "a" }],
  [["service.name=,other=1,alone"], {}],
  [["service.name= a "], { canonicalName: " a " }],
  [[" service.name=a"], {}],
  [["service.name=a%20b"], { canonicalName: "a%20b" }],
  [["__proto__=x,constructor=y"], {}],
  [[`service.name=${"x".repeat(BAGGAGE_VALUE_MAX + 1)}`], {}],
];
for (const [headers, said] of read) {
  const name = JSON.stringify(headers).slice(0, 60);
  Deno.test(`decodeBaggage() reads ${name}`, () => {
    deepEqual(decodeBaggage(headers), { ...NOTHING, ...said });
  });
}

const refused: [why: string, headers: string[]][] = [
  ["none", []],
  ["an empty one", [""]],
  ["one that is not ASCII", ["service.name=a", "cloud.region=é"]],
  ["control characters", ["service.name=a\n"]],
  ["too much text", ["x".repeat(BAGGAGE_TEXT_MAX + 1)]],
  ["too many members", [",".repeat(BAGGAGE_MEMBERS_MAX)]],
];
for (const [why, headers] of refused) {
  Deno.test(`decodeBaggage() takes nothing from ${why}`, () => {
    equal(decodeBaggage(headers), undefined);
  });
}

Deno.test("decodeBaggage() reads back what encodeBaggage() wrote", () => {
  const text = fc.stringMatching(/^[a-z0-9.-]{0,20}$/);
  const baggages = fc.record({
    cluster: text.map((t) => `c${t}`),
    namespace: text,
    workloadType: fc.constantFrom("deployment", "cronjob", "pod", "job"),
    workloadName: text.map((t) => `w${t}`),
    canonicalName: text,
    canonicalRevision: text,
    region: text,
    zone: text,
  }) as fc.Arbitrary<Baggage>;
  fc.assert(fc.property(baggages, (baggage) => {
    deepEqual(decodeBaggage([encodeBaggage(baggage)]), { ...baggage });
  }));
});
