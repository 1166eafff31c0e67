import assert from "node:assert/strict";
import { parseIp } from "../../src/model/address.ts";
import { findOwnPod } from "../../src/modes/own_pod.ts";
import { parsed, pod, raw } from "../kube/objects.ts";

const LABELS = { "gateway.networking.k8s.io/gateway-name": "wp" };
const gateway = { namespace: "shop", name: "wp" };
const objects = parsed(
  raw("Gateway", "wp", {
    spec: {
      gatewayClassName: "hairpin-waypoint",
      listeners: [{ name: "mesh", port: 15008, protocol: "HBONE" }],
    },
  }),
  pod("wp-1", "10.0.0.1", { labels: LABELS }),
  pod("wp-2", "10.0.0.2", { labels: LABELS }),
  pod("other", "10.0.0.3"),
);
const local = (ip: string) => new Set([parseIp(ip)!]);

Deno.test("findOwnPod() is the Gateway's pod of this address, and served alone", () => {
  // Without addresses: they mark a pod that is served beside others.
  assert.deepEqual(findOwnPod(objects, gateway, local("10.0.0.2")), {
    uid: "shop/wp-2",
    name: "wp-2",
    namespace: "shop",
    serviceAccount: "default",
  });
});

Deno.test("findOwnPod() is none of other pods", () => {
  assert.equal(findOwnPod(objects, gateway, local("10.0.0.3")), undefined);
});
