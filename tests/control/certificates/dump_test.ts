import assert from "node:assert/strict";
import { readAuthority } from "../../../src/control/ca/authority.ts";
import { makeLeaf } from "../../../src/control/ca/make_leaf.ts";
import { makeRoot } from "../../../src/control/ca/make_root.ts";
import { dumpCertificates } from "../../../src/control/certificates/dump.ts";

const NOW_MS = Date.UTC(2026, 0, 1);
const spiffeId = "spiffe://cluster.local/ns/shop/sa/cart";

Deno.test("dumpCertificates() shows chain and roots of an available identity", async () => {
  const root = await makeRoot(NOW_MS);
  const paths = { certificatePath: "cert", keyPath: "key" };
  const authority = await readAuthority({ ...root, ...paths }, NOW_MS);
  const ttlMs = 86_400_000;
  const certificate = await makeLeaf(authority, {
    spiffeId,
    ttlMs,
    nowMs: NOW_MS,
  });
  const state = { at: "available", certificate } as const;
  const [row] = dumpCertificates([{ spiffeId, state }]);
  assert.equal(row?.state, "Available");
  assert.equal(row.certChain.length, 1);
  assert.equal(row.certChain[0]!.validFrom, "2025-12-31T23:58:00Z");
  assert.equal(row.certChain[0]!.expirationTime, "2026-01-02T00:00:00Z");
  assert.match(row.certChain[0]!.serialNumber, /^\d{38,39}$/);
  assert.equal(atob(row.certChain[0]!.pem), certificate.chainPem);
  assert.equal(atob(row.rootCerts[0]!.pem), root.certificatePem);
});

Deno.test("dumpCertificates() names the state of an identity without certificate", () => {
  const rows = dumpCertificates([
    { spiffeId: "a", state: { at: "initializing" } },
    { spiffeId: "b", state: { at: "unavailable", why: "CA is away" } },
  ]);
  const none = { certChain: [], rootCerts: [] };
  assert.deepEqual(rows, [
    { identity: "a", state: "Initializing", ...none },
    { identity: "b", state: "Unavailable: CA is away", ...none },
  ]);
});
