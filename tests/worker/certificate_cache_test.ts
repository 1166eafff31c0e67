import assert from "node:assert/strict";
import { formatIdentity, type Identity } from "../../src/model/identity.ts";
import { IdentityError } from "../../src/net/errors.ts";
import { CertificateCache } from "../../src/worker/certificate_cache.ts";
import { certificateFor } from "../support/fake_issuer.ts";

const WEB: Identity = {
  trustDomain: "td",
  namespace: "ns1",
  serviceAccount: "web",
};
const ID = formatIdentity(WEB);
const fresh = () => certificateFor(WEB, 0, Date.now() + 60_000);
const expired = () => certificateFor(WEB, 0, Date.now() - 1);

function makeCache() {
  const wanted: Identity[] = [];
  const cache = new CertificateCache((identity) => wanted.push(identity));
  return { cache, wanted };
}

const isOwn = (why: RegExp) => (reason: unknown) => {
  assert.ok(reason instanceof IdentityError);
  assert.equal(reason.whose, "own");
  assert.match(reason.message, why);
  return true;
};

Deno.test("CertificateCache.get() gives what is there, and asks nobody", async () => {
  const { cache, wanted } = makeCache();
  const certificate = fresh();
  cache.put(ID, { at: "available", certificate });
  assert.equal(await cache.get(WEB), certificate);
  const renewed = fresh();
  cache.put(ID, { at: "available", certificate: renewed });
  assert.equal(await cache.get(WEB), renewed);
  assert.deepEqual(wanted, []);
});

Deno.test("CertificateCache.get() asks once for one that is not there, and all wait", async () => {
  const { cache, wanted } = makeCache();
  const waiting = [cache.get(WEB), cache.get(WEB), cache.get({ ...WEB })];
  assert.deepEqual(wanted, [WEB]);
  cache.put(ID, { at: "initializing" });
  waiting.push(cache.get(WEB));
  const certificate = fresh();
  cache.put(ID, { at: "available", certificate });
  assert.deepEqual(await Promise.all(waiting), Array(4).fill(certificate));
  assert.deepEqual(wanted, [WEB]);
});

Deno.test("CertificateCache.get() fails at once while there is none to be had, and asks again", async () => {
  const { cache, wanted } = makeCache();
  const waiting = cache.get(WEB);
  cache.put(ID, { at: "unavailable", why: "the authority is down" });
  const down = isOwn(/^identity error: the authority is down$/);
  await assert.rejects(waiting, down);
  await assert.rejects(cache.get(WEB), down);
  assert.equal(wanted.length, 2);
  const certificate = fresh();
  cache.put(ID, { at: "available", certificate });
  assert.equal(await cache.get(WEB), certificate);
});

Deno.test("CertificateCache.get() never gives one that has expired", async () => {
  const { cache, wanted } = makeCache();
  cache.put(ID, { at: "available", certificate: expired() });
  const waiting = cache.get(WEB);
  assert.deepEqual(wanted, [WEB]);
  cache.put(ID, { at: "available", certificate: expired() });
  const certificate = fresh();
  cache.put(ID, { at: "available", certificate });
  assert.equal(await waiting, certificate);
});

Deno.test("CertificateCache forgets an identity, and says so to whoever waits for it", async () => {
  const { cache, wanted } = makeCache();
  const waiting = cache.get(WEB);
  cache.put(ID, undefined);
  await assert.rejects(waiting, isOwn(/no longer needed$/));
  const again = cache.get(WEB);
  assert.equal(wanted.length, 2);
  cache.put(ID, { at: "available", certificate: fresh() });
  await again;
});

Deno.test("CertificateCache.get() does not wait for ever", async () => {
  const { cache } = makeCache();
  const hasty = new CertificateCache(() => {}, 20);
  await assert.rejects(hasty.get(WEB), isOwn(/timed out waiting/));
  const waiting = cache.get(WEB);
  cache.put(ID, { at: "available", certificate: fresh() });
  await waiting; // and leaves no timer behind
});
