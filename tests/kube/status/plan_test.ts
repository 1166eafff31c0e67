import assert from "node:assert/strict";
import {
  type CurrentStatus,
  statusPlan,
} from "../../../src/kube/status/plan.ts";
import { translate } from "../../../src/kube/translate.ts";
import { waypointConfig } from "../../../src/kube/waypoint_config.ts";
import { parsed, pod, type Raw, raw } from "../objects.ts";

const NOW = "2026-01-02T00:00:00Z";
const BEFORE = "2025-01-01T00:00:00Z";
const CONTROLLER = "hairpin.dev/waypoint";
const LABEL = "gateway.networking.k8s.io/gateway-name";

const gatewayClass = (controllerName = CONTROLLER) =>
  raw("GatewayClass", "wp", { spec: { controllerName } });
const gateway = (name = "wp", spec: Raw = {}, rest: Raw = {}) =>
  raw("Gateway", name, {
    spec: {
      gatewayClassName: "wp",
      listeners: [{ name: "mesh", port: 15008, protocol: "HBONE" }],
      ...spec,
    },
    ...rest,
  });
const instance = pod("wp-1", "10.0.0.5", { labels: { [LABEL]: "wp" } });
const service = (name: string, waypoint = "wp") =>
  raw("Service", name, {
    metadata: { labels: { "istio.io/use-waypoint": waypoint } },
    spec: { clusterIP: "10.1.0.1", ports: [{ name: "http", port: 80 }] },
  });
const parentOf = (name: string) => ({ group: "", kind: "Service", name });
const route = (...parents: string[]) =>
  raw("HTTPRoute", "r", {
    spec: {
      parentRefs: parents.map(parentOf),
      rules: [{ backendRefs: [{ name: "a", port: 80 }] }],
    },
  });

/** What is to be written to `shop/NAME`. */
function planned(
  raws: readonly Raw[],
  current: Partial<CurrentStatus> & Pick<CurrentStatus, "kind" | "name">,
): Raw | undefined {
  const objects = parsed(...raws);
  const config = waypointConfig(objects, "shop/wp");
  const plan = statusPlan({
    objects,
    settings: {},
    services: translate(objects).services,
    gateway: "shop/wp",
    statuses: config.statuses,
  });
  const namespace = current.kind === "GatewayClass" ? "" : "shop";
  const all = { namespace, generation: 3, status: {}, ...current };
  const status = plan(all, NOW) as Raw | undefined;
  if (status !== undefined) {
    assert.equal(plan({ ...all, status }, "later"), undefined);
  }
  return status;
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
}

const short = (conditions: unknown): string[] =>
  (conditions as Condition[]).map(({ type, status, reason }) =>
    `${type} ${status} ${reason}`
  );

const mesh = [gatewayClass(), gateway(), instance, service("a")];

Deno.test("statusPlan() accepts its own class alone", () => {
  const asked = { kind: "GatewayClass", name: "wp" } as const;
  assert.deepEqual(planned([gatewayClass()], asked), {
    conditions: [{
      type: "Accepted",
      status: "True",
      reason: "Accepted",
      message: "served by hairpin",
      observedGeneration: 3,
      lastTransitionTime: NOW,
    }],
  });
  assert.equal(planned([gatewayClass("istio.io/x")], asked), undefined);
});

const gateways: [
  name: string,
  raws: Raw[],
  addresses: object[],
  conditions: string[],
][] = [
  ["its pods", mesh, [{ type: "IPAddress", value: "10.0.0.5" }], [
    "Accepted True Accepted",
    "Programmed True Programmed",
  ]],
  [
    "the Service of its name",
    [...mesh, raw("Service", "wp", { spec: { ports: [] } })],
    [{ type: "Hostname", value: "wp.shop.svc.cluster.local" }],
    ["Accepted True Accepted", "Programmed True Programmed"],
  ],
  [
    "a Service with its label",
    [
      ...mesh,
      raw("Service", "other", { metadata: { labels: { [LABEL]: "wp" } } }),
    ],
    [{ type: "Hostname", value: "other.shop.svc.cluster.local" }],
    ["Accepted True Accepted", "Programmed True Programmed"],
  ],
  [
    "the address that it asks for",
    [
      gatewayClass(),
      instance,
      gateway("wp", { addresses: [{ type: "IPAddress", value: "10.9.9.9" }] }),
    ],
    [{ type: "IPAddress", value: "10.9.9.9" }],
    ["Accepted True Accepted", "Programmed True Programmed"],
  ],
  ["nothing", [gatewayClass(), gateway()], [], [
    "Accepted True Accepted",
    "Programmed False AddressNotAssigned",
  ]],
  [
    "an address of before",
    [
      gatewayClass(),
      gateway("wp", {}, {
        status: { addresses: [{ type: "IPAddress", value: "10.0.0.4" }] },
      }),
    ],
    [{ type: "IPAddress", value: "10.0.0.4" }],
    ["Accepted True Accepted", "Programmed True Programmed"],
  ],
  [
    "pods, but has no listener that it can serve",
    [
      gatewayClass(),
      instance,
      gateway("wp", {
        listeners: [{ name: "web", port: 80, protocol: "HTTP" }],
      }),
    ],
    [{ type: "IPAddress", value: "10.0.0.5" }],
    ["Accepted False ListenersNotValid", "Programmed False Invalid"],
  ],
];
for (const [name, raws, addresses, conditions] of gateways) {
  Deno.test(`statusPlan() tells of a Gateway that has ${name}`, () => {
    const status = planned(raws, { kind: "Gateway", name: "wp" });
    assert.deepEqual(status?.addresses, addresses);
    assert.deepEqual(short(status?.conditions), conditions);
  });
}

Deno.test("statusPlan() keeps the address of a pod that is still ready", () => {
  const second = pod("wp-0", "10.0.0.9", { labels: { [LABEL]: "wp" } });
  const addresses = [{ type: "IPAddress", value: "10.0.0.5" }];
  const own = gateway("wp", {}, { status: { addresses } });
  const status = planned(
    [gatewayClass(), own, instance, second],
    { kind: "Gateway", name: "wp" },
  );
  assert.deepEqual(status?.addresses, addresses);
});

Deno.test("statusPlan() tells of each listener what is wrong with it", () => {
  const listeners = [
    { name: "mesh", port: 15008, protocol: "HBONE" },
    { name: "web", port: 80, protocol: "HTTP" },
  ];
  const status = planned(
    [gatewayClass(), gateway("wp", { listeners }), instance],
    { kind: "Gateway", name: "wp" },
  );
  assert.deepEqual(
    short(status?.conditions)[0],
    "Accepted True ListenersNotValid",
  );
  const told = (status?.listeners as { name: string; conditions: unknown }[])
    .map(({ name, conditions }) => [name, ...short(conditions)]);
  assert.deepEqual(told, [
    [
      "mesh",
      "Accepted True Accepted",
      "Programmed True Programmed",
      "ResolvedRefs True ResolvedRefs",
    ],
    [
      "web",
      "Accepted False UnsupportedProtocol",
      "Programmed False Invalid",
      "ResolvedRefs True ResolvedRefs",
    ],
  ]);
});

const untold: [name: string, raws: Raw[], asked: string][] = [
  ["of another class", [gatewayClass("istio.io/x"), gateway(), instance], "wp"],
  ["without a class", [gateway(), instance], "wp"],
  ["of another waypoint", [...mesh, gateway("other")], "other"],
];
for (const [name, raws, asked] of untold) {
  Deno.test(`statusPlan() leaves a Gateway alone that is ${name}`, () => {
    assert.equal(planned(raws, { kind: "Gateway", name: asked }), undefined);
  });
}

Deno.test("a condition keeps its time until its status changes, and its neighbours", () => {
  const condition = (type: string, status: string) => ({
    type,
    status,
    reason: "Pending",
    message: "",
    lastTransitionTime: BEFORE,
  });
  const status = planned(mesh, {
    kind: "Gateway",
    name: "wp",
    status: {
      conditions: [
        condition("Programmed", "Unknown"),
        condition("example.com/Other", "True"),
        condition("Accepted", "True"),
      ],
    },
  });
  const times = (status?.conditions as Record<string, string>[])
    .map(({ type, lastTransitionTime }) => [type, lastTransitionTime]);
  assert.deepEqual(times, [
    ["Programmed", NOW],
    ["example.com/Other", BEFORE],
    ["Accepted", BEFORE],
  ]);
});

type Parent = {
  parentRef: object;
  controllerName: string;
  conditions: unknown;
};
const parentsOf = (status: Raw | undefined) => status?.parents as Parent[];
const entry = (name: string, controllerName = CONTROLLER): Parent => ({
  parentRef: parentOf(name),
  controllerName,
  conditions: [],
});

Deno.test("statusPlan() tells of a route's parent", () => {
  const status = planned([...mesh, route("a")], {
    kind: "HTTPRoute",
    name: "r",
  });
  const [parent, ...others] = parentsOf(status);
  assert.deepEqual(others, []);
  assert.deepEqual(parent?.parentRef, parentOf("a"));
  assert.equal(parent?.controllerName, CONTROLLER);
  assert.deepEqual(short(parent?.conditions), [
    "Accepted True Accepted",
    "ResolvedRefs True ResolvedRefs",
  ]);
});

Deno.test("statusPlan() has nothing to say of a route of others", () => {
  const asked = { kind: "HTTPRoute", name: "r" } as const;
  assert.equal(planned([...mesh, route("b")], asked), undefined);
  const status = { parents: [entry("b", "example.com/x")] };
  assert.equal(planned([...mesh, route("b")], { ...asked, status }), undefined);
});

Deno.test("statusPlan() writes between what others wrote", () => {
  const others = [entry("a", "example.com/x"), entry("z", "example.com/y")];
  const status = planned([...mesh, route("a")], {
    kind: "HTTPRoute",
    name: "r",
    status: { parents: [others[0], entry("a"), others[1]] },
  });
  const [first, own, last, ...more] = parentsOf(status);
  assert.deepEqual([first, last], others);
  assert.equal(own?.controllerName, CONTROLLER);
  assert.equal((own?.conditions as object[]).length, 2);
  assert.deepEqual(more, []);
});

Deno.test("statusPlan() takes back what nobody stands for any more", () => {
  const elsewhere = [
    ...mesh,
    gateway("other"),
    pod("o", "10.0.0.6", { labels: { [LABEL]: "other" } }),
    service("b", "other"),
    raw("Service", "none", { spec: { ports: [{ port: 80 }] } }),
    route("a", "b", "none"),
  ];
  const status = planned(elsewhere, {
    kind: "HTTPRoute",
    name: "r",
    status: { parents: [entry("gone"), entry("none"), entry("b"), entry("a")] },
  });
  const names = parentsOf(status)
    .map(({ parentRef }) => (parentRef as { name: string }).name);
  assert.deepEqual(names, ["b", "a"]);
  assert.deepEqual(parentsOf(status)[0], entry("b"));
});

Deno.test("statusPlan() reads a status that is not what it should be", () => {
  const asked = { kind: "HTTPRoute", name: "r" } as const;
  for (const parents of ["x", [null, 1], [{ controllerName: CONTROLLER }]]) {
    const status = planned([...mesh, route("a")], {
      ...asked,
      status: { parents },
    });
    assert.equal(parentsOf(status).length, 1);
  }
});
