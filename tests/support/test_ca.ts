import { readAuthority } from "../../src/control/ca/authority.ts";
import { makeLeaf } from "../../src/control/ca/make_leaf.ts";
import { makeRoot } from "../../src/control/ca/make_root.ts";
import type { WorkloadCertificate } from "../../src/model/certificate.ts";

const HOUR_MS = 60 * 60 * 1000;

/** What a leaf of a {@link TestCa} says, where it is not the usual. */
export interface LeafFields {
  /** Default now. */
  readonly nowMs?: number;
  /** Default an hour. */
  readonly ttlMs?: number;
}

/** The product's own authority, with a root of the test's. */
export interface TestCa {
  readonly certificatePem: string;
  readonly keyPem: string;
  leaf(spiffeId: string, fields?: LeafFields): Promise<WorkloadCertificate>;
}

export async function makeTestCa(): Promise<TestCa> {
  const { certificatePem, keyPem } = await makeRoot(Date.now() - 48 * HOUR_MS);
  const authority = await readAuthority({
    certificatePath: "root",
    certificatePem,
    keyPath: "key",
    keyPem,
  }, Date.now());
  return {
    certificatePem,
    keyPem,
    leaf: (spiffeId, { nowMs = Date.now(), ttlMs = HOUR_MS } = {}) =>
      makeLeaf(authority, { spiffeId, ttlMs, nowMs }),
  };
}
