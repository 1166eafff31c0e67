import assert from "node:assert/strict";
import { atAddress } from "../support/sample_mesh.ts";
import {
  a,
  byHost,
  gateway,
  guarded,
  type Mesh,
  passthrough,
  remote,
  route,
  web,
  wp,
  wpService,
} from "./outbound_mesh.ts";

const parties: [
  name: string,
  mesh: Mesh,
  address: string,
  destination: string | undefined,
  service: string | undefined,
][] = [
  ["nobody for passthrough", {}, "192.0.2.1", undefined, undefined],
  [
    "nobody for a passthrough service",
    {
      services: [{ ...web, loadBalancer: passthrough }],
    },
    "10.1.0.1",
    undefined,
    undefined,
  ],
  ["the pod for a pod", { workloads: [a] }, "10.0.0.2", "a", undefined],
  [
    "both for a service",
    { workloads: [a], services: [web] },
    "10.1.0.1",
    "a",
    "web",
  ],
  [
    "the waypoint and the called service",
    {
      workloads: [a, wp],
      services: [guarded, wpService],
    },
    "10.1.0.1",
    "wp",
    "web",
  ],
  [
    "the waypoint of a pod, and no service",
    {
      workloads: [{ ...a, waypoint: byHost }, wp],
      services: [wpService],
    },
    "10.0.0.2",
    "wp",
    undefined,
  ],
  [
    "the gateway and the called service",
    {
      workloads: [remote(atAddress("10.0.0.8")), gateway],
      services: [web],
    },
    "10.1.0.1",
    "gw",
    "web",
  ],
];
for (const [name, mesh, address, destination, serviceName] of parties) {
  Deno.test(`routeOutbound() reports ${name}`, () => {
    const found = route(mesh, address, 80);
    assert.ok("destination" in found);
    assert.equal(found.destination?.name, destination);
    assert.equal(found.service?.name, serviceName);
  });
}

Deno.test("routeOutbound() tells where the pod itself listens", () => {
  const found = route({ workloads: [a], services: [web] }, "10.1.0.1", 80);
  assert.ok(found.kind === "hbone" && found.via === "direct");
  assert.deepEqual(found.pod, { ip: "10.0.0.2", port: 8080 });
});
