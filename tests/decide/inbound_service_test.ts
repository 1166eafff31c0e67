import assert from "node:assert/strict";
import { guessService, servicesOf } from "../../src/decide/inbound_service.ts";
import type { Service } from "../../src/model/service.ts";
import {
  hostOf,
  pod,
  service,
  serving,
  stateOf,
} from "../support/sample_mesh.ts";

const web = service("web", []);
const api = service("api", [], { ports: { 80: 8080, 81: 0 } });
const both = pod("a", [], {
  services: {
    [`ns1/${hostOf("web")}`]: {},
    [`ns1/${hostOf("api")}`]: { 81: 9090 },
  },
});

Deno.test("servicesOf() lists the known services of a workload", () => {
  const state = stateOf({ services: [api] });
  assert.deepEqual(servicesOf(state, both), [api]);
  assert.deepEqual(servicesOf(state, pod("b", [], serving("web"))), []);
});

const rows: [
  name: string,
  port: number,
  forwardedHost: string | undefined,
  guess: Service | undefined,
][] = [
  ["takes the first with the target port", 8080, undefined, web],
  ["takes the one with its own target port", 9090, undefined, api],
  ["does not confuse service and target ports", 80, undefined, undefined],
  ["believes the client's name first", 8080, hostOf("api"), api],
  ["falls back on the port for a foreign name", 8080, "x.example", web],
  ["ignores an empty name", 9090, "", api],
];
for (const [name, port, forwardedHost, guess] of rows) {
  Deno.test(`guessService() ${name}`, () => {
    assert.equal(
      guessService([web, api], both, { port, forwardedHost }),
      guess,
    );
  });
}
