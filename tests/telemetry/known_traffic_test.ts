import { equal } from "node:assert/strict";
import { parseSocketAddress } from "../../src/model/address.ts";
import { DEFAULT_WORKLOAD } from "../../src/model/workload.ts";
import { KnownTraffic } from "../../src/telemetry/known_traffic.ts";
import {
  peerOfWorkload,
  type TrafficContext,
} from "../../src/telemetry/traffic.ts";

const address = (text: string) => parseSocketAddress(text)!;
const web = peerOfWorkload({ ...DEFAULT_WORKLOAD, name: "web" });
const cart = peerOfWorkload({ ...DEFAULT_WORKLOAD, name: "cart" });
const service = { hostname: "cart.shop", name: "cart", namespace: "shop" };

const CONTEXT: TrafficContext = {
  reporter: "source",
  src: address("10.0.0.1:40000"),
  source: web,
  sourcePrincipal: "spiffe://td/ns/shop/sa/web",
  dst: address("10.0.0.2:80"),
  destination: cart,
  destinationPrincipal: "spiffe://td/ns/shop/sa/cart",
  service,
  mutualTls: true,
};

const same: [what: string, more: Partial<TrafficContext>][] = [
  ["another source port", { src: address("10.0.0.1:40001") }],
  ["another address of the destination", { dst: address("10.0.0.3:80") }],
  ["another object of the same service", { service: { ...service } }],
];
for (const [what, more] of same) {
  Deno.test(`KnownTraffic.get() finds a context with ${what}`, () => {
    const known = new KnownTraffic<string>();
    known.set(CONTEXT, "value");
    equal(known.get({ ...CONTEXT, ...more }), "value");
  });
}

const other: [what: string, more: Partial<TrafficContext>][] = [
  ["another reporter", { reporter: "destination" }],
  ["another source", { source: cart }],
  ["no source", { source: undefined }],
  ["another source principal", { sourcePrincipal: undefined }],
  ["another destination", { destination: web }],
  ["no destination", { destination: undefined }],
  ["another destination principal", { destinationPrincipal: "spiffe://td" }],
  ["no service", { service: undefined }],
  ["another host name", { service: { ...service, hostname: "cart.other" } }],
  ["another service name", { service: { ...service, name: "other" } }],
  ["another namespace", { service: { ...service, namespace: "other" } }],
  ["no mutual TLS", { mutualTls: false }],
];
for (const [what, more] of other) {
  Deno.test(`KnownTraffic.get() does not take one for another: ${what}`, () => {
    const known = new KnownTraffic<string>();
    known.set(CONTEXT, "value");
    equal(known.get({ ...CONTEXT, ...more }), undefined);
    known.set({ ...CONTEXT, ...more }, "other");
    equal(known.get(CONTEXT), "value");
  });
}

Deno.test("KnownTraffic keeps a limited number for each peer", () => {
  const known = new KnownTraffic<number>();
  const contexts = Array.from(
    { length: 100 },
    (_, i) => ({ ...CONTEXT, sourcePrincipal: `spiffe://td/ns/shop/sa/${i}` }),
  );
  contexts.forEach((context, i) => known.set(context, i));
  equal(contexts.filter((c) => known.get(c) !== undefined).length, 64);
});
