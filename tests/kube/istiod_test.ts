/**
 * What istiod itself made of one set of objects, kept as it was recorded:
 * `objects.json` is what the Kubernetes API held (without its own bookkeeping),
 * `istiod.json` what istiod's /debug/ambientz then showed (Istio main, August
 * 2026, dry-run policies enabled), in the model's spelling.
 */
import assert from "node:assert/strict";
import type { GatewayAddress } from "../../src/model/workload.ts";
import { translate } from "../../src/kube/translate.ts";
import { parsed } from "./objects.ts";
import istiod from "./testdata/istiod.json" with { type: "json" };
import objects from "./testdata/objects.json" with { type: "json" };

const translation = translate(parsed(...objects));
/**
 * What ports speak is in istiod's answer to xDS, and not on this page of it. A
 * waypoint that cannot be used is none to istiod, and closes its target here.
 */
const made = {
  ...translation,
  services: translation.services.map((
    { appProtocols: _, waypoint, ...shown },
  ) =>
    waypoint === undefined || isClosed(waypoint)
      ? shown
      : { ...shown, waypoint }
  ),
};

function isClosed(waypoint: GatewayAddress | undefined): boolean {
  return waypoint?.destination.kind === "hostname" &&
    waypoint.destination.hostname.endsWith(".waypoint.invalid");
}

Deno.test("translate() closes what istiod opens: a waypoint that does not allow the namespace", () => {
  const closed = translation.services.filter((s) => isClosed(s.waypoint));
  assert.deepEqual(closed.map(({ hostname }) => hostname), [
    "local.other.svc.cluster.local",
  ]);
});

/** In one order; clauses of a rule too, as all of them must hold. */
function inOrder(resources: readonly unknown[]): string[] {
  return resources.map((resource) => JSON.stringify(canonical(resource)))
    .sort();
}

function canonical(value: unknown, key = ""): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => canonical(item));
    return key !== "rules"
      ? items
      : items.map((rule) => inOrder(rule as unknown[]));
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, canonical(item, key)])
      .sort(([a], [b]) => String(a) < String(b) ? -1 : 1),
  );
}

for (const kind of ["workloads", "services", "policies"] as const) {
  Deno.test(`translate() makes the ${kind} that istiod makes`, () => {
    assert.ok(istiod[kind].length > 5);
    assert.deepEqual(inOrder(made[kind]), inOrder(istiod[kind]));
  });
}
