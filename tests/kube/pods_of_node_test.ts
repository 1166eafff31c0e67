import assert from "node:assert/strict";
import { podsOfNode } from "../../src/kube/pods_of_node.ts";
import { parsed, pod, type Raw, raw } from "./objects.ts";

const ambient = raw("Namespace", "shop", {
  metadata: { labels: { "istio.io/dataplane-mode": "ambient" } },
});
const netns = (path: string, more: Raw = {}) => ({
  annotations: { "hairpin.dev/netns": path, ...more },
});
const find = (...objects: Raw[]) =>
  podsOfNode(parsed(ambient, ...objects), "node-1");

Deno.test("podsOfNode() finds enrolled pods of the node with a namespace path", () => {
  const { pods, warnings } = find(
    pod("cart", "10.0.0.1", {
      ...netns("/var/run/netns/cart"),
      metadata: { uid: "u-1" },
      spec: { serviceAccountName: "cart" },
    }),
    pod("anywhere", "10.0.0.2", {
      ...netns("/run/a"),
      spec: { nodeName: "" },
    }),
    pod("elsewhere", "10.0.0.3", {
      ...netns("/run/b"),
      spec: { nodeName: "node-2" },
    }),
    pod("nowhere", "10.0.0.4"),
    pod("out", "10.0.0.5", {
      ...netns("/run/c"),
      labels: { "istio.io/dataplane-mode": "none" },
    }),
    pod("done", "10.0.0.6", {
      ...netns("/run/d"),
      status: { phase: "Succeeded" },
    }),
  );
  const overrides = {
    bypassInboundCapture: false,
    rerouteVirtualInterfaces: [],
  };
  assert.deepEqual(warnings, []);
  assert.deepEqual(pods, [
    {
      uid: "u-1",
      name: "cart",
      namespace: "shop",
      serviceAccount: "cart",
      netnsPath: "/var/run/netns/cart",
      ips: ["10.0.0.1"],
      overrides,
    },
    {
      uid: "shop/anywhere",
      name: "anywhere",
      namespace: "shop",
      serviceAccount: "default",
      netnsPath: "/run/a",
      ips: ["10.0.0.2"],
      overrides,
    },
  ]);
});

Deno.test("podsOfNode() leaves waypoints out", () => {
  const { pods } = find(
    raw("Gateway", "wp", { spec: { gatewayClassName: "istio-waypoint" } }),
    pod("wp-1", "10.0.0.1", {
      ...netns("/run/a"),
      labels: { "gateway.networking.k8s.io/gateway-name": "wp" },
    }),
  );
  assert.deepEqual(pods, []);
});

Deno.test("podsOfNode() reads what annotations override", () => {
  const { pods: [first] } = find(pod(
    "cart",
    "10.0.0.1",
    netns("/run/a", {
      "ambient.istio.io/dns-capture": "false",
      "ambient.istio.io/bypass-inbound-capture": "true",
      "istio.io/reroute-virtual-interfaces":
        "net1, br-0,../x,way-too-long-a-name",
    }),
  ));
  assert.deepEqual(first?.overrides, {
    dnsCapture: false,
    bypassInboundCapture: true,
    rerouteVirtualInterfaces: ["net1", "br-0"],
  });
});

Deno.test("podsOfNode() ignores a flag that is none, and says so", () => {
  const { pods: [first], warnings } = find(pod(
    "cart",
    "10.0.0.1",
    netns("/run/a", { "ambient.istio.io/dns-capture": "on" }),
  ));
  assert.equal(first?.overrides.dnsCapture, undefined);
  assert.deepEqual(warnings, [
    'Pod "shop/cart" annotation ambient.istio.io/dns-capture is ignored: "on" is not true or false',
  ]);
});
