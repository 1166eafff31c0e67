import assert from "node:assert/strict";
import { translate } from "../../src/kube/translate.ts";
import { parsed, pod, type Raw, raw } from "./objects.ts";

import {
  ADDRESS,
  gateway,
  HOST,
  namespace,
  NOWHERE,
  outcome,
  service,
  use,
  uses,
  WP,
} from "./waypoint_objects.ts";

const ofServices: [
  name: string,
  objects: Raw[],
  waypoint: unknown,
  warning?: string,
][] = [
  ["without a label", [gateway(), service()], undefined],
  ["with its own label", [gateway(), service(use(uses))], WP],
  ["in a labelled namespace", [gateway(), namespace(use(uses)), service()], WP],
  [
    "that opts out",
    [gateway(), namespace(use(uses)), service(use({ "use-waypoint": "none" }))],
    undefined,
  ],
  [
    "whose namespace opts out",
    [gateway(), namespace(use({ "use-waypoint": "none" })), service()],
    undefined,
  ],
  [
    "whose own waypoint is not there, though its namespace's is",
    [
      gateway(),
      namespace(use(uses)),
      service(use({ "use-waypoint": "gone" })),
    ],
    NOWHERE("gone"),
    'there is no Gateway "shop/gone"',
  ],
  [
    "whose waypoint has no address yet",
    [gateway({ status: {} }), service(use(uses))],
    NOWHERE("wp"),
    'Gateway "shop/wp" has neither address nor pods',
  ],
  [
    "with a waypoint for workloads",
    [
      gateway({ labels: { "istio.io/waypoint-for": "workload" } }),
      service(use(uses)),
    ],
    undefined,
    'Gateway "shop/wp" takes workload traffic, not service traffic',
  ],
  [
    "with a waypoint for all",
    [
      gateway({ labels: { "istio.io/waypoint-for": "all" } }),
      service(use(uses)),
    ],
    WP,
  ],
  [
    "with a waypoint whose class is for workloads",
    [
      raw("GatewayClass", "istio-waypoint", {
        metadata: { labels: { "istio.io/waypoint-for": "workload" } },
      }),
      gateway(),
      service(use(uses)),
    ],
    undefined,
    'Gateway "shop/wp" takes workload traffic, not service traffic',
  ],
  [
    "that is a waypoint's own",
    [
      gateway(),
      namespace(use(uses)),
      service({
        metadata: {
          labels: { "gateway.istio.io/managed": "istio.io-mesh-controller" },
        },
      }),
    ],
    undefined,
  ],
  [
    "with a waypoint of another namespace that is open to all",
    [
      gateway({ allowedRoutes: { namespaces: { from: "All" } } }, "infra/wp"),
      service(use({ ...uses, "use-waypoint-namespace": "infra" })),
    ],
    WP,
  ],
  [
    "with a waypoint of another namespace that keeps to itself",
    [
      gateway({}, "infra/wp"),
      service(use({ ...uses, "use-waypoint-namespace": "infra" })),
    ],
    NOWHERE("wp", "infra"),
    'Gateway "infra/wp" does not allow namespace "shop": allowedRoutes of its listener on port 15008 say from: Same',
  ],
  [
    "with a waypoint of its namespace that takes nobody",
    [
      gateway({ allowedRoutes: { namespaces: { from: "None" } } }),
      service(use(uses)),
    ],
    NOWHERE("wp"),
    'Gateway "shop/wp" does not allow namespace "shop": allowedRoutes of its listener on port 15008 say from: None',
  ],
  [
    "with a waypoint of another namespace that has no listener of its kind",
    [
      raw("Gateway", "infra/wp", {
        spec: {
          gatewayClassName: "istio-waypoint",
          listeners: [{ name: "web", port: 80, protocol: "HTTP" }],
        },
        status: { addresses: [ADDRESS] },
      }),
      service(use({ ...uses, "use-waypoint-namespace": "infra" })),
    ],
    NOWHERE("wp", "infra"),
    'Gateway "infra/wp" does not allow namespace "shop": without a listener of protocol HBONE it allows its own alone',
  ],
  [
    "whose namespace the waypoint selects by name",
    [
      gateway({
        allowedRoutes: {
          namespaces: {
            from: "Selector",
            selector: {
              matchLabels: { "kubernetes.io/metadata.name": "shop" },
            },
          },
        },
      }, "infra/wp"),
      service(use({ ...uses, "use-waypoint-namespace": "infra" })),
    ],
    WP,
  ],
  [
    "whose namespace the waypoint does not select",
    [
      gateway({
        allowedRoutes: {
          namespaces: {
            from: "Selector",
            selector: {
              matchExpressions: [
                { key: "team", operator: "In", values: ["a", "b"] },
              ],
            },
          },
        },
      }, "infra/wp"),
      namespace({ metadata: { labels: { team: "c" } } }),
      service(use({ ...uses, "use-waypoint-namespace": "infra" })),
    ],
    NOWHERE("wp", "infra"),
    'Gateway "infra/wp" does not allow namespace "shop": allowedRoutes of its listener on port 15008 say from: Selector {"matchLabels":{},"matchExpressions":[{"key":"team","operator":"In","values":["a","b"]}]}',
  ],
  [
    "with a waypoint that has a name",
    [
      gateway({
        status: {
          addresses: [
            ADDRESS,
            { type: "Hostname", value: "wp.shop.svc.cluster.local" },
          ],
        },
      }),
      service(use(uses)),
    ],
    HOST("wp.shop.svc.cluster.local"),
  ],
  [
    "with a waypoint addressed in its spec",
    [
      gateway({ spec: { addresses: [{ value: "10.96.0.9" }] }, status: {} }),
      service(use(uses)),
    ],
    WP,
  ],
  [
    "with a waypoint named in its spec, in short",
    [
      gateway({
        spec: { addresses: [{ type: "Hostname", value: "wp" }] },
        status: {},
      }),
      service(use(uses)),
    ],
    HOST("wp.shop.svc.cluster.local"),
  ],
];
for (const [name, objects, waypoint, warning] of ofServices) {
  Deno.test(`translate() finds the waypoint of a service ${name}`, () => {
    const made = outcome(objects);
    assert.deepEqual(made.service, waypoint);
    assert.deepEqual(
      made.warnings,
      warning === undefined
        ? []
        : waypoint === undefined
        ? [`Service "shop/cart" has no waypoint as asked for: ${warning}`]
        : [
          `Service "shop/cart" cannot use its waypoint, so connections to it fail: ${warning}`,
        ],
    );
  });
}

const forWorkloads = { labels: { "istio.io/waypoint-for": "workload" } };
const ofPods: [
  name: string,
  objects: Raw[],
  waypoint: unknown,
  warning?: string,
][] = [
  [
    "with its own label",
    [gateway(forWorkloads), pod("cart", "10.0.0.1", use(uses))],
    WP,
  ],
  [
    "in a labelled namespace",
    [gateway(forWorkloads), namespace(use(uses)), pod("cart", "10.0.0.1")],
    WP,
  ],
  [
    "that inherits a waypoint for services",
    [gateway(), namespace(use(uses)), pod("cart", "10.0.0.1")],
    undefined,
  ],
  [
    "that asks for a waypoint for services",
    [gateway(), pod("cart", "10.0.0.1", use(uses))],
    undefined,
    'Gateway "shop/wp" takes service traffic, not workload traffic',
  ],
  [
    "that asks for a waypoint which does not allow its namespace",
    [
      gateway(forWorkloads, "infra/wp"),
      pod(
        "cart",
        "10.0.0.1",
        use({ ...uses, "use-waypoint-namespace": "infra" }),
      ),
    ],
    NOWHERE("wp", "infra"),
    'Gateway "infra/wp" does not allow namespace "shop": allowedRoutes of its listener on port 15008 say from: Same',
  ],
  [
    "that inherits a waypoint for services which does not allow its namespace",
    [
      gateway({}, "infra/wp"),
      namespace(use({ ...uses, "use-waypoint-namespace": "infra" })),
      pod("cart", "10.0.0.1"),
    ],
    undefined,
  ],
  [
    "of the waypoint itself",
    [
      gateway(forWorkloads),
      namespace(use(uses)),
      pod("cart", "10.0.0.1", {
        labels: { "gateway.networking.k8s.io/gateway-name": "wp" },
      }),
    ],
    undefined,
  ],
];
for (const [name, objects, waypoint, warning] of ofPods) {
  Deno.test(`translate() finds the waypoint of a pod ${name}`, () => {
    const made = outcome(objects);
    assert.deepEqual(made.pod, waypoint);
    assert.deepEqual(
      made.warnings,
      warning === undefined
        ? []
        : waypoint === undefined
        ? [`Pod "shop/cart" has no waypoint as asked for: ${warning}`]
        : [
          `Pod "shop/cart" cannot use its waypoint, so connections to it fail: ${warning}`,
        ],
    );
  });
}

const instance = (name: string, ip: string, ready: boolean) =>
  pod(name, ip, {
    labels: { "gateway.networking.k8s.io/gateway-name": "wp" },
    spec: { serviceAccountName: "wp" },
    status: {
      conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
    },
  });

Deno.test("translate() reaches a waypoint by its pods when nothing else is declared", () => {
  const { services, workloads } = translate(parsed(
    gateway({ status: {} }),
    service(use(uses)),
    instance("wp-1", "10.0.0.8", true),
    instance("wp-2", "10.0.0.9", false),
  ));
  const key = "shop/wp.shop.svc.cluster.local";
  assert.deepEqual(services[0]?.waypoint, HOST("wp.shop.svc.cluster.local"));
  assert.deepEqual(
    services.slice(1).map((
      { hostname, vips, ports, waypoint },
    ) => [hostname, vips, ports, waypoint]),
    [["wp.shop.svc.cluster.local", [], { 15008: 15008 }, undefined]],
  );
  assert.deepEqual(
    workloads.map((
      { services, status, serviceAccount },
    ) => [services[key], status, serviceAccount]),
    [[{ 15008: 15008 }, "Healthy", "wp"], [
      { 15008: 15008 },
      "Unhealthy",
      "wp",
    ]],
  );
});

Deno.test("translate() keeps a waypoint while none of its pods is ready", () => {
  const made = outcome([
    gateway({ status: {} }),
    service(use(uses)),
    instance("wp-1", "10.0.0.8", false),
  ]);
  assert.deepEqual(made.service, HOST("wp.shop.svc.cluster.local"));
});

Deno.test("translate() uses the Service that a waypoint has, as it is", () => {
  const { services } = translate(parsed(
    gateway({ status: {} }),
    instance("wp-1", "10.0.0.8", true),
    raw("Service", "wp", {
      spec: { clusterIP: "10.96.0.9", ports: [{ port: 15008 }] },
    }),
  ));
  assert.deepEqual(services.map(({ vips }) => vips), [
    [{ network: "", ip: "10.96.0.9" }],
  ]);
});
