import assert from "node:assert/strict";
import { DEFAULT_SERVICE, type Service } from "../../../src/model/service.ts";
import { XdsResourceError } from "../../../src/wire/xds/mod.ts";
import { ip } from "../../support/sample_mesh.ts";
import {
  foreign,
  read,
  type ServiceInit,
  serviceResource,
} from "./resources.ts";

const V4 = Uint8Array.of(10, 96, 0, 1);
const V6 = Uint8Array.of(0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
const MAPPED = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...V4);

function readService(init: ServiceInit): Service {
  const found = read(
    serviceResource({ namespace: "shop", hostname: "h", ...init }),
  );
  assert.equal(found.kind, "service");
  return (found as Extract<typeof found, { kind: "service" }>).service;
}

const address = (octets: Uint8Array, length?: number) => ({
  addresses: [{
    network: "n",
    address: octets,
    ...length !== undefined && { length },
  }],
});
const vip = (text: string) => ({ vips: [{ network: "n", ip: ip(text) }] });
const range = (text: string, length: number) => ({
  cidrVips: [{ network: "n", cidr: { ip: ip(text), length } }],
});
const waypoint = {
  destination: {
    case: "hostname",
    value: { namespace: "shop", hostname: "wp" },
  },
  hboneMtlsPort: 15_008,
} as const;
const gateway = {
  destination: { kind: "hostname", namespace: "shop", hostname: "wp" },
  hboneMtlsPort: 15_008,
} as const;

const rows: [what: string, init: ServiceInit, model: Partial<Service>][] = [
  ["takes defaults for all that is absent", {}, {}],
  [
    "takes texts as they are",
    { name: "cart", subjectAltNames: ["spiffe://a"] },
    {
      name: "cart",
      subjectAltNames: ["spiffe://a"],
    },
  ],
  ["reads a virtual address", address(V4), vip("10.96.0.1")],
  ["reads a virtual IPv6 address", address(V6), vip("fd00::1")],
  ["takes a whole prefix for an address", address(V4, 32), vip("10.96.0.1")],
  ["takes a whole IPv6 prefix for one", address(V6, 128), vip("fd00::1")],
  ["reads a range", address(V4, 16), range("10.96.0.1", 16)],
  ["reads a range of all", address(V4, 0), range("10.96.0.1", 0)],
  ["reads an IPv6 range", address(V6, 64), range("fd00::1", 64)],
  ["unmaps a range", address(MAPPED, 112), range("10.96.0.1", 16)],
  ["reads ports", {
    ports: [
      { servicePort: 80, targetPort: 8080, appProtocol: 1 },
      { servicePort: 81, appProtocol: 3 },
      { servicePort: 82, targetPort: 82, appProtocol: 2 },
      { servicePort: 83, targetPort: 83, appProtocol: 4 },
      { servicePort: 84, targetPort: 84, appProtocol: 5 },
      { servicePort: 85, targetPort: 85, appProtocol: foreign(99) },
      { servicePort: 86, targetPort: 86 },
    ],
  }, {
    ports: { 80: 8080, 81: 0, 82: 82, 83: 83, 84: 84, 85: 85, 86: 86 },
    appProtocols: {
      80: "HTTP11",
      81: "GRPC",
      82: "HTTP2",
      83: "TCP",
      84: "TLS",
    },
  }],
  ["reads a waypoint", { waypoint }, { waypoint: gateway }],
  ["reads weighted waypoints", {
    weightedWaypoints: [{ destination: waypoint, weight: 90 }, {
      destination: waypoint,
    }],
  }, {
    weightedWaypoints: [
      { destination: gateway, weight: 90 },
      { destination: gateway, weight: 0 },
    ],
  }],
  [
    "takes an empty load balancing for the standard one",
    { loadBalancing: {} },
    {
      loadBalancer: {
        routingPreferences: [],
        mode: "Standard",
        healthPolicy: "OnlyHealthy",
      },
    },
  ],
  ["reads load balancing", {
    loadBalancing: {
      routingPreference: [6, 1, 2, 3, 4, 5],
      mode: 2,
      healthPolicy: 1,
    },
  }, {
    loadBalancer: {
      routingPreferences: [
        "Network",
        "Region",
        "Zone",
        "Subzone",
        "Node",
        "Cluster",
      ],
      mode: "Failover",
      healthPolicy: "AllowAll",
    },
  }],
  ["knows strict load balancing", { loadBalancing: { mode: 1 } }, {
    loadBalancer: {
      routingPreferences: [],
      mode: "Strict",
      healthPolicy: "OnlyHealthy",
    },
  }],
  ["knows passthrough", { loadBalancing: { mode: 3 } }, {
    loadBalancer: {
      routingPreferences: [],
      mode: "Passthrough",
      healthPolicy: "OnlyHealthy",
    },
  }],
  ["knows IPv4 alone", { ipFamilies: 1 }, { ipFamilies: "IPv4" }],
  ["knows IPv6 alone", { ipFamilies: 2 }, { ipFamilies: "IPv6" }],
  ["knows both families", { ipFamilies: 3 }, { ipFamilies: "Dual" }],
  ["knows the canonical one", { canonical: true }, { canonical: true }],
  ["knows its own namespace's", { visibility: 1 }, { visibility: "Namespace" }],
  ["takes an unknown visibility for public", { visibility: foreign(5) }, {
    visibility: "Public",
  }],
];
for (const [what, init, model] of rows) {
  Deno.test(`serviceOf() ${what}`, () => {
    assert.deepEqual(readService(init), {
      ...DEFAULT_SERVICE,
      namespace: "shop",
      hostname: "h",
      ...model,
    });
  });
}

const refused: [why: RegExp, init: ServiceInit][] = [
  [/^a service without hostname$/, { hostname: "" }],
  [/^failed to parse address, had 6 bytes$/, address(new Uint8Array(6))],
  [/^prefix length 33 does not fit an address of 4 bytes$/, address(V4, 33)],
  [/^prefix length 129 does not fit an address of 16 bytes$/, address(V6, 129)],
  [
    /^prefix length 95 does not fit an address of 16 bytes$/,
    address(MAPPED, 95),
  ],
  [/^unknown IP families 4$/, { ipFamilies: foreign(4) }],
  [/^unknown load balancing mode 4$/, { loadBalancing: { mode: foreign(4) } }],
  [/^unknown health policy 2$/, {
    loadBalancing: { healthPolicy: foreign(2) },
  }],
  [/^unknown routing scope 0$/, { loadBalancing: { routingPreference: [0] } }],
  [/^unknown routing scope 7$/, {
    loadBalancing: { routingPreference: [foreign(7)] },
  }],
  [/^port 65536 is none$/, { ports: [{ servicePort: 65_536 }] }],
  [/^a weighted waypoint without destination$/, { weightedWaypoints: [{}] }],
  [/^nonempty gateway address is missing address$/, { waypoint: {} }],
  [/^port 65536 is none$/, {
    waypoint: { ...waypoint, hboneMtlsPort: 65_536 },
  }],
];
for (const [why, init] of refused) {
  Deno.test(`serviceOf() refuses: ${why.source} in ${Object.keys(init)}`, () => {
    assert.throws(() => readService(init), (reason) => {
      assert.ok(reason instanceof XdsResourceError);
      assert.match(reason.message, why);
      return true;
    });
  });
}
