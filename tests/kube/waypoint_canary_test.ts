import assert from "node:assert/strict";
import { translate } from "../../src/kube/translate.ts";
import { parsed, type Raw, raw } from "./objects.ts";

import {
  gateway,
  namespace,
  outcome,
  service,
  use,
  uses,
  WP,
} from "./waypoint_objects.ts";

const canaryGateway = gateway({
  status: { addresses: [{ type: "IPAddress", value: "10.96.0.10" }] },
}, "wp2");
const weight = (value: string) => ({
  annotations: { "istio.io/use-waypoint-canary-weight": value },
});
const withCanary = (labels: Raw, annotations: Raw = {}) => ({
  metadata: {
    ...use({ "use-waypoint": "wp", ...labels }).metadata,
    ...annotations,
  },
});
const CANARY = {
  destination: { kind: "address", network: "", ip: "10.96.0.10" },
  hboneMtlsPort: 15008,
};
const shares = (share: number) => [
  { destination: WP, weight: 100 - share },
  { destination: CANARY, weight: share },
];

const canaries: [
  name: string,
  objects: Raw[],
  weighted: unknown,
  warning?: string,
][] = [
  ["none", [service(use(uses))], []],
  [
    "its own canary",
    [service(withCanary({ "use-waypoint-canary": "wp2" }, weight("20")))],
    shares(20),
  ],
  [
    "a canary without weight",
    [service(withCanary({ "use-waypoint-canary": "wp2" }))],
    shares(0),
  ],
  [
    "its namespace's canary",
    [
      namespace(withCanary({ "use-waypoint-canary": "wp2" }, weight("5"))),
      service(),
    ],
    shares(5),
  ],
  [
    "a canary of a bad weight",
    [service(withCanary({ "use-waypoint-canary": "wp2" }, weight("101")))],
    [],
    "its canary weight is not a whole number from 0 to 100",
  ],
  [
    "its waypoint as canary",
    [service(withCanary({ "use-waypoint-canary": "wp" }))],
    [],
    "its canary waypoint is its waypoint",
  ],
  [
    "a canary that is not there",
    [service(withCanary({ "use-waypoint-canary": "gone" }))],
    [],
    'there is no Gateway "shop/gone"',
  ],
];
for (const [name, objects, weighted, warning] of canaries) {
  Deno.test(`translate() shares a service with ${name}`, () => {
    const made = outcome([gateway(), canaryGateway, ...objects]);
    assert.deepEqual(made.service, WP);
    assert.deepEqual(made.weighted, weighted);
    assert.deepEqual(
      made.warnings,
      warning === undefined
        ? []
        : [`Service "shop/cart" has no waypoint as asked for: ${warning}`],
    );
  });
}

Deno.test("translate() finds the waypoint of a ServiceEntry and of its endpoint", () => {
  const { services, workloads } = translate(parsed(
    gateway({ labels: { "istio.io/waypoint-for": "all" } }),
    raw("ServiceEntry", "ext", {
      ...use(uses),
      spec: {
        hosts: ["a.example.org"],
        resolution: "STATIC",
        endpoints: [
          { address: "192.0.2.1", labels: { "istio.io/use-waypoint": "wp" } },
          { address: "192.0.2.2" },
        ],
      },
    }),
  ));
  assert.deepEqual(services[0]?.waypoint, WP);
  assert.deepEqual(workloads.map(({ waypoint }) => waypoint), [WP, undefined]);
});
