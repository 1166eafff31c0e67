import assert from "node:assert/strict";
import {
  DEFAULT_WORKLOAD,
  type Workload,
} from "../../../src/model/workload.ts";
import { XdsResourceError } from "../../../src/wire/xds/mod.ts";
import { ip } from "../../support/sample_mesh.ts";
import {
  foreign,
  read,
  type WorkloadInit,
  workloadResource,
} from "./resources.ts";

const V4 = Uint8Array.of(10, 0, 0, 1);
const V6 = Uint8Array.of(0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);

function readWorkload(init: WorkloadInit): Workload {
  const found = read(workloadResource({ uid: "u", ...init }));
  assert.equal(found.kind, "workload");
  return (found as Extract<typeof found, { kind: "workload" }>).workload;
}

const byHost = {
  destination: {
    case: "hostname",
    value: { namespace: "shop", hostname: "wp.shop.svc.cluster.local" },
  },
  hboneMtlsPort: 15_008,
} as const;
const gateway = {
  destination: {
    kind: "hostname",
    namespace: "shop",
    hostname: "wp.shop.svc.cluster.local",
  },
  hboneMtlsPort: 15_008,
} as const;

const rows: [what: string, init: WorkloadInit, model: Partial<Workload>][] = [
  ["takes defaults for all that is absent", {}, {}],
  ["takes texts as they are", {
    name: "cart-1",
    namespace: "shop",
    network: "net1",
    node: "node-a",
    hostname: "a.example",
    canonicalName: "cart",
    canonicalRevision: "v1",
    workloadName: "cart",
    clusterId: "c1",
    trustDomain: "td",
    serviceAccount: "sa",
    authorizationPolicies: ["shop/only-web"],
  }, {
    name: "cart-1",
    namespace: "shop",
    network: "net1",
    node: "node-a",
    hostname: "a.example",
    canonicalName: "cart",
    canonicalRevision: "v1",
    workloadName: "cart",
    clusterId: "c1",
    trustDomain: "td",
    serviceAccount: "sa",
    authorizationPolicies: ["shop/only-web"],
  }],
  ["reads addresses of both families", { addresses: [V4, V6] }, {
    ips: [ip("10.0.0.1"), ip("fd00::1")],
  }],
  ["knows HBONE", { tunnelProtocol: 1 }, { protocol: "HBONE" }],
  ["knows native tunnels", { nativeTunnel: true }, { nativeTunnel: true }],
  ["knows jobs", { workloadType: 3 }, { workloadType: "job" }],
  ["knows cron jobs", { workloadType: 1 }, { workloadType: "cronjob" }],
  ["knows pods", { workloadType: 2 }, { workloadType: "pod" }],
  [
    "takes an unknown type for a deployment",
    { workloadType: foreign(9) },
    { workloadType: "deployment" },
  ],
  ["knows the unhealthy", { status: 1 }, { status: "Unhealthy" }],
  ["knows the host's network", { networkMode: 1 }, {
    networkMode: "HostNetwork",
  }],
  ["keeps a capacity of 0", { capacity: 0 }, { capacity: 0 }],
  ["keeps a capacity", { capacity: 7 }, { capacity: 7 }],
  ["reads a locality", { locality: { region: "r", zone: "z" } }, {
    locality: { region: "r", zone: "z", subzone: "" },
  }],
  ["reads its services", {
    services: {
      "shop/cart.example": { ports: [{ servicePort: 80, targetPort: 8080 }] },
      "shop/none.example": {},
    },
  }, {
    services: { "shop/cart.example": { 80: 8080 }, "shop/none.example": {} },
  }],
  ["reads a waypoint by host name", { waypoint: byHost }, {
    waypoint: gateway,
  }],
  ["reads a gateway by address", {
    networkGateway: {
      destination: { case: "address", value: { network: "n", address: V4 } },
      hboneMtlsPort: 15_009,
    },
  }, {
    networkGateway: {
      destination: { kind: "address", network: "n", ip: ip("10.0.0.1") },
      hboneMtlsPort: 15_009,
    },
  }],
  ["reads an application tunnel", {
    applicationTunnel: { protocol: 1, port: 15_088 },
  }, { applicationTunnel: { protocol: "PROXY", port: 15_088 } }],
  ["leaves out an application tunnel's port of 0", {
    applicationTunnel: { protocol: 0 },
  }, { applicationTunnel: { protocol: "NONE" } }],
];
for (const [what, init, model] of rows) {
  Deno.test(`workloadOf() ${what}`, () => {
    assert.deepEqual(readWorkload(init), {
      ...DEFAULT_WORKLOAD,
      uid: "u",
      ...model,
    });
  });
}

const refused: [why: RegExp, init: WorkloadInit][] = [
  [/^a workload without uid$/, { uid: "" }],
  [/^failed to parse address, had 5 bytes$/, {
    addresses: [new Uint8Array(5)],
  }],
  [/^failed to parse address, had 0 bytes$/, { addresses: [new Uint8Array()] }],
  [/^unknown tunnel protocol 2$/, { tunnelProtocol: 2 }],
  [/^unknown tunnel protocol -1$/, { tunnelProtocol: foreign(-1) }],
  [/^unknown workload status 2$/, { status: foreign(2) }],
  [/^unknown network mode 7$/, { networkMode: foreign(7) }],
  [/^unknown application tunnel protocol 2$/, {
    applicationTunnel: { protocol: foreign(2) },
  }],
  [/^port 65536 is none$/, { applicationTunnel: { port: 65_536 } }],
  [/^service "cart" is not NAMESPACE\/HOSTNAME$/, { services: { cart: {} } }],
  [/^port 70000 is none$/, {
    services: { "a/b": { ports: [{ servicePort: 70_000 }] } },
  }],
  [/^port 70001 is none$/, {
    services: { "a/b": { ports: [{ servicePort: 80, targetPort: 70_001 }] } },
  }],
  [/^nonempty gateway address is missing address$/, { waypoint: {} }],
  [/^failed to parse address, had 3 bytes$/, {
    networkGateway: {
      destination: { case: "address", value: { address: new Uint8Array(3) } },
    },
  }],
];
for (const [why, init] of refused) {
  Deno.test(`workloadOf() refuses: ${why.source}`, () => {
    assert.throws(() => readWorkload(init), (reason) => {
      assert.ok(reason instanceof XdsResourceError);
      assert.match(reason.message, why);
      return true;
    });
  });
}
