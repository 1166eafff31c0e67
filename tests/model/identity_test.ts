import assert from "node:assert/strict";
import {
  formatIdentity,
  parseIdentity,
  principalOf,
  sameIdentity,
} from "../../src/model/identity.ts";

const WEB = {
  trustDomain: "cluster.local",
  namespace: "ns1",
  serviceAccount: "web",
};

Deno.test("formatIdentity() and parseIdentity() are each other's reverse", () => {
  const text = "spiffe://cluster.local/ns/ns1/sa/web";
  assert.equal(formatIdentity(WEB), text);
  assert.deepEqual(parseIdentity(text), WEB);
  assert.equal(principalOf(WEB), "cluster.local/ns/ns1/sa/web");
});

const refused = [
  "",
  "spiffe://cluster.local",
  "spiffe://cluster.local/ns/ns1",
  "spiffe://cluster.local/ns/ns1/sa/",
  "spiffe://cluster.local/ns//sa/web",
  "spiffe://cluster.local/ns/ns1/sa/web/",
  "spiffe://cluster.local/ns/ns1/sa/web/more",
  "spiffe://cluster.local/sa/web/ns/ns1",
  "spiffe://cluster.local/ns/ns1/sa/web\n/x",
  " spiffe://cluster.local/ns/ns1/sa/web",
  "SPIFFE://cluster.local/ns/ns1/sa/web",
  "https://cluster.local/ns/ns1/sa/web",
  "URI:spiffe://cluster.local/ns/ns1/sa/web",
  "spiffe://a/ns/b/sa/c, URI:spiffe://d/ns/e/sa/f",
];
for (const text of refused) {
  Deno.test(`parseIdentity() refuses ${JSON.stringify(text)}`, () => {
    assert.equal(parseIdentity(text), undefined);
  });
}

Deno.test("sameIdentity() wants all three parts to be equal", () => {
  assert.ok(sameIdentity(WEB, { ...WEB }));
  for (const part of ["trustDomain", "namespace", "serviceAccount"] as const) {
    assert.ok(!sameIdentity(WEB, { ...WEB, [part]: "other" }));
  }
});
