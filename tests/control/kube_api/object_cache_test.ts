import assert from "node:assert/strict";
import { ObjectCache } from "../../../src/control/kube_api/object_cache.ts";

const KIND = "AuthorizationPolicy";

/** A policy of that version; its action cannot be read when it is "MAYBE". */
const policy = (resourceVersion: string, action: string, app = "cart") => ({
  apiVersion: "security.istio.io/v1",
  kind: KIND,
  metadata: { name: "p", namespace: "shop", resourceVersion },
  spec: { selector: { matchLabels: { app } }, action, rules: [{}] },
});

function makeCache() {
  const rejected: string[] = [];
  const cache = new ObjectCache({
    keepsStatus: () => false,
    onChange() {},
    onRecord() {},
    onRejected: (_, error) => rejected.push(error),
  });
  const inForce = () =>
    cache.objects().map((object) =>
      object.kind === KIND
        ? [object.spec.action, object.spec.selector?.matchLabels]
        : []
    );
  return { cache, rejected, inForce };
}

Deno.test("ObjectCache closes what a policy selects that never could be read", () => {
  const { cache, rejected, inForce } = makeCache();
  cache.put(KIND, policy("1", "MAYBE"));
  assert.deepEqual(inForce(), [["DENY", { app: "cart" }]]);
  assert.match(
    rejected[0]!,
    /; what it selects is closed until it can be read$/,
  );
  assert.equal(cache.errors().length, 1);
});

Deno.test("ObjectCache closes what the newest unreadable version selects", () => {
  const { cache, inForce } = makeCache();
  cache.put(KIND, policy("1", "MAYBE"));
  cache.put(KIND, policy("2", "MAYBE", "web"));
  assert.deepEqual(inForce(), [["DENY", { app: "web" }]]);
  cache.put(KIND, policy("3", "ALLOW"));
  assert.deepEqual(inForce(), [["ALLOW", { app: "cart" }]]);
  assert.deepEqual(cache.errors(), []);
});

Deno.test("ObjectCache keeps the last version of a policy that could be read", () => {
  const { cache, rejected, inForce } = makeCache();
  cache.put(KIND, policy("1", "ALLOW"));
  cache.put(KIND, policy("2", "MAYBE", "web"));
  cache.put(KIND, policy("3", "MAYBE", "web"));
  assert.deepEqual(inForce(), [["ALLOW", { app: "cart" }]]);
  for (const error of rejected) {
    assert.match(error, /its last good version stays in force$/);
  }
});
