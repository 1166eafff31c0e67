/** What a Gateway may not ask for: each by the message that its author reads. */
import assert from "node:assert/strict";
import { gateway, wantedOf } from "./gateways.ts";
import type { Raw } from "../objects.ts";

function messageFor(made: Raw): string | undefined {
  const { want } = wantedOf([made])[0]!;
  return want.kind === "refused" ? want.message : undefined;
}

const labels = (labels: Raw): Raw =>
  gateway("wp", { infrastructure: { labels } });
const annotations = (annotations: Raw): Raw =>
  gateway("wp", { infrastructure: { annotations } });
const many = (count: number): Raw =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, "v"]));

const refused: [name: string, made: Raw, says: RegExp][] = [
  ["a name with a dot", gateway("a.b"), /^name "a\.b" cannot be a Service's/],
  ["a name that begins with a digit", gateway("1a"), /^name "1a" cannot be/],
  ["a name of 64 characters", gateway("a".repeat(64)), /at most 63/],
  [
    "parameters",
    gateway("wp", {
      infrastructure: {
        parametersRef: { group: "", kind: "ConfigMap", name: "overlay" },
      },
    }),
    /^spec\.infrastructure\.parametersRef is not supported$/,
  ],
  ["nine labels", labels(many(9)), /labels has 9 entries: want at most 8/],
  ["nine annotations", annotations(many(9)), /annotations has 9 entries/],
  ["an empty key", labels({ "": "a" }), /labels "": is no key of labels/],
  ["two slashes", labels({ "a/b/c": "a" }), /is no key/],
  ["a key that is no name", labels({ "a b": "a" }), /is no key/],
  ["a value that is none", labels({ a: "b c" }), /"b c" is no label's value/],
  ["a value of 64 characters", labels({ a: "a".repeat(64) }), /is no label's/],
  [
    "an annotation of 4097 characters",
    annotations({ a: "a".repeat(4_097) }),
    /is longer than 4096 characters/,
  ],
  ...[
    "istio.io/dataplane-mode",
    "sidecar.istio.io/inject",
    "inject.istio.io/templates",
    "gateway.networking.k8s.io/gateway-name",
    "gateway.istio.io/managed",
    "app.kubernetes.io/name",
    "pod-security.kubernetes.io/enforce",
    "k8s.v1.cni.cncf.k8s.io/networks",
    "kubernetes.io/os",
    "hairpin.dev/netns",
  ].map((key): [string, Raw, RegExp] => [
    `the label ${key}`,
    labels({ [key]: "true" }),
    /keys of .* are not a Gateway's to set$/,
  ]),
  ...[
    "container.apparmor.security.beta.kubernetes.io/hairpin",
    "sidecar.istio.io/userVolume",
    "hairpin.dev/bypass-capture",
    "service.beta.kubernetes.io.istio.io/x",
  ].map((key): [string, Raw, RegExp] => [
    `the annotation ${key}`,
    annotations({ [key]: "unconfined" }),
    /keys of .* are not a Gateway's to set$/,
  ]),
];
for (const [name, made, says] of refused) {
  Deno.test(`a Gateway is refused for ${name}`, () => {
    assert.match(messageFor(made) ?? "", says);
  });
}

const taken: [name: string, made: Raw][] = [
  ["a name of 63 characters", gateway("a".repeat(63))],
  ["no infrastructure", gateway("wp")],
  ["eight labels", labels(many(8))],
  ["an empty value", labels({ a: "" })],
  ["a domain that only looks like one", labels({ "notistio.io/a": "b" })],
  ["an annotation of 4096 characters", annotations({ a: "a".repeat(4_096) })],
  [
    "an order to a load balancer",
    annotations({ "service.beta.kubernetes.io/aws-load-balancer-type": "nlb" }),
  ],
];
for (const [name, made] of taken) {
  Deno.test(`a Gateway is deployed with ${name}`, () => {
    assert.equal(messageFor(made), undefined);
  });
}
