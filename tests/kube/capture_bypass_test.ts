import assert from "node:assert/strict";
import { captureBypassOf, endBypasses } from "../../src/kube/capture_bypass.ts";
import type { PodObject } from "../../src/kube/objects.ts";
import { decidePod, podsOfNode } from "../../src/kube/pods_of_node.ts";
import { DEFAULT_SETTINGS } from "../../src/kube/settings.ts";
import { translate } from "../../src/kube/translate.ts";
import { parsed, pod, type Raw, raw } from "./objects.ts";

const KEY = "hairpin.dev/bypass-capture";
const NOON = "2026-03-01T12:00:00Z";
const NOON_MS = Date.parse(NOON);
const ambient = raw("Namespace", "shop", {
  metadata: { labels: { "istio.io/dataplane-mode": "ambient" } },
});
const cart = (value: string, rest: Raw = {}) =>
  pod("cart", "10.0.0.1", {
    ...rest,
    annotations: {
      "hairpin.dev/netns": "/run/cart",
      "ambient.istio.io/redirection": "enabled",
      [KEY]: value,
    },
  });
const podOf = (value: string) => parsed(cart(value))[0] as PodObject;

const VALUES: readonly [value: string, kind: string, untilMs?: number][] = [
  ["true", "bypass"],
  ["1", "bypass"],
  ["false", "none"],
  [NOON, "bypass", NOON_MS],
  ["2026-03-01t13:00:00.000+01:00", "bypass", NOON_MS],
  ["2026-03-01", "unclear"],
  ["2026-03-01T12:00:00", "unclear"],
  ["2026-13-01T12:00:00Z", "unclear"],
  ["1h", "unclear"],
  ["yes", "unclear"],
  ["", "unclear"],
];
for (const [value, kind, untilMs] of VALUES) {
  Deno.test(`captureBypassOf() reads "${value}" as ${kind}`, () => {
    const bypass = captureBypassOf(podOf(value));
    assert.equal(bypass.kind, kind);
    if (bypass.kind === "bypass") assert.equal(bypass.untilMs, untilMs);
  });
}

Deno.test("a pod that bypasses is no HBONE endpoint, whatever it is marked as", () => {
  const protocolOf = (value: string) =>
    translate(parsed(ambient, cart(value))).workloads[0]?.protocol;
  assert.equal(protocolOf("true"), "TCP");
  assert.equal(protocolOf("false"), "HBONE");
  assert.equal(protocolOf("soon"), "HBONE");
});

Deno.test("podsOfNode() tells bypassing pods from those to enrol", () => {
  const { pods, bypassed } = podsOfNode(
    parsed(
      ambient,
      cart(NOON),
      pod("out", "10.0.0.2", {
        labels: { "istio.io/dataplane-mode": "none" },
        annotations: { [KEY]: "true" },
      }),
      pod("elsewhere", "10.0.0.3", {
        spec: { nodeName: "node-2" },
        annotations: { [KEY]: "true" },
      }),
    ),
    "node-1",
  );
  assert.deepEqual(pods, []);
  assert.deepEqual(bypassed, [{
    uid: "shop/cart",
    name: "cart",
    namespace: "shop",
    untilMs: NOON_MS,
    netnsPath: "/run/cart",
  }]);
});

Deno.test("podsOfNode() captures a pod whose bypass is unclear, and says so", () => {
  const { pods, warnings } = podsOfNode(
    parsed(ambient, cart("soon")),
    "node-1",
  );
  assert.equal(pods.length, 1);
  assert.deepEqual(warnings, [
    `Pod "shop/cart" annotation ${KEY} is ignored: "soon" is neither true or false nor a time of RFC 3339`,
  ]);
});

Deno.test("decidePod() lets a bypassing pod start without its rules", () => {
  const name = { namespace: "shop", name: "cart" };
  const kindOf = (value: string) =>
    decidePod(parsed(ambient, cart(value)), name, DEFAULT_SETTINGS).kind;
  assert.equal(kindOf("true"), "pass");
  assert.equal(kindOf("soon"), "enrol");
});

Deno.test("endBypasses() ends a bypass at its time, not before", () => {
  const other = pod("other", "10.0.0.2", {
    annotations: { [KEY]: "2026-03-01T13:00:00Z" },
  });
  const objects = parsed(ambient, cart(NOON), other, cart("true"));
  const bypassing = (nowMs: number) => {
    const { objects: current, nextMs } = endBypasses(objects, nowMs);
    const pods = current.filter((object) => object.kind === "Pod");
    return [
      pods.map((one) => captureBypassOf(one as PodObject).kind === "bypass"),
      nextMs,
    ];
  };
  const hourMs = 3_600_000;
  assert.deepEqual(bypassing(NOON_MS - 1), [[true, true, true], NOON_MS]);
  assert.deepEqual(bypassing(NOON_MS), [
    [false, true, true],
    NOON_MS + hourMs,
  ]);
  assert.deepEqual(bypassing(NOON_MS + hourMs), [
    [false, false, true],
    undefined,
  ]);
});
