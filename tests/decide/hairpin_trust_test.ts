import assert from "node:assert/strict";
import { type Asked, callerOf } from "../../src/decide/hairpin_trust.ts";
import {
  formatIdentity,
  type Identity,
  parseIdentity,
} from "../../src/model/identity.ts";
import { formatAddress } from "../../src/model/address.ts";
import {
  at,
  idOf,
  pod,
  service,
  serving,
  stateOf,
} from "../support/sample_mesh.ts";

const WEB = service("web", ["10.1.0.2"]);
const web = pod("web", ["10.0.0.2"], serving("web"));
const state = stateOf({
  workloads: [
    web,
    pod("client", ["10.0.0.1"]),
    pod("db", ["10.0.0.3"], serving("db")),
  ],
  services: [WEB, service("db", ["10.1.0.3"])],
});

interface Said {
  readonly by: string;
  readonly from: string;
  readonly asked?: Asked;
  readonly forwardedFor?: string;
  readonly source?: string;
}

function inWords({ by, from, asked, forwardedFor, source }: Said): string {
  const caller = callerOf(state, {
    src: at(from, 40_000),
    identity: parseIdentity(by) as Identity,
    network: "",
    asked: asked ?? { kind: "service", service: WEB },
    forwardedFor: forwardedFor === undefined ? undefined : at(forwardedFor, 5),
    hairpinSource: source,
  });
  const who = caller.identity === undefined
    ? "nobody"
    : formatIdentity(caller.identity).split("/").at(-1);
  const marks = [
    caller.hairpinned ? " hairpinned" : "",
    caller.disbelieved === undefined ? "" : " forged",
  ].join("");
  return `${who} at ${formatAddress(caller.src)}${marks}`;
}

const OUTSIDER = "192.0.2.7";
const rows: [name: string, said: Said, caller: string][] = [
  [
    "takes a client for itself",
    { by: idOf("client"), from: "10.0.0.1", forwardedFor: "10.0.0.1" },
    "client at 10.0.0.1:40000",
  ],
  [
    "believes an endpoint about a peer with an identity",
    {
      by: idOf("web"),
      from: "10.0.0.2",
      forwardedFor: "10.0.0.1",
      source: idOf("client"),
    },
    "client at 10.0.0.1:5 hairpinned",
  ],
  [
    "believes an endpoint about a peer without one",
    { by: idOf("web"), from: "10.0.0.2", forwardedFor: OUTSIDER },
    `nobody at ${OUTSIDER}:5 hairpinned`,
  ],
  [
    "takes an endpoint that calls its own service for itself",
    { by: idOf("web"), from: "10.0.0.2", forwardedFor: "10.0.0.2" },
    "web at 10.0.0.2:40000",
  ],
  [
    "takes a source that is no SPIFFE ID for none",
    {
      by: idOf("web"),
      from: "10.0.0.2",
      forwardedFor: OUTSIDER,
      source: "admin",
    },
    `nobody at ${OUTSIDER}:5 hairpinned`,
  ],
  [
    "does not believe a client",
    {
      by: idOf("client"),
      from: "10.0.0.1",
      forwardedFor: OUTSIDER,
      source: idOf("web"),
    },
    "client at 10.0.0.1:40000 forged",
  ],
  [
    "does not believe a client about its address",
    { by: idOf("client"), from: "10.0.0.1", forwardedFor: OUTSIDER },
    "client at 10.0.0.1:40000",
  ],
  [
    "does not believe an endpoint of another service",
    {
      by: idOf("db"),
      from: "10.0.0.3",
      forwardedFor: OUTSIDER,
      source: idOf("client"),
    },
    "db at 10.0.0.3:40000 forged",
  ],
  [
    "does not believe an endpoint's account at another address",
    {
      by: idOf("web"),
      from: "10.0.0.1",
      forwardedFor: OUTSIDER,
      source: idOf("client"),
    },
    "web at 10.0.0.1:40000 forged",
  ],
  [
    "does not believe another account at an endpoint's address",
    {
      by: idOf("client"),
      from: "10.0.0.2",
      forwardedFor: OUTSIDER,
      source: idOf("web"),
    },
    "client at 10.0.0.2:40000 forged",
  ],
  [
    "believes a pod about itself where pods are fronted",
    {
      by: idOf("web"),
      from: "10.0.0.2",
      asked: { kind: "workload", workload: web },
      forwardedFor: OUTSIDER,
    },
    `nobody at ${OUTSIDER}:5 hairpinned`,
  ],
  [
    "does not believe a pod about another",
    {
      by: idOf("db"),
      from: "10.0.0.3",
      asked: { kind: "workload", workload: web },
      forwardedFor: OUTSIDER,
      source: idOf("client"),
    },
    "db at 10.0.0.3:40000 forged",
  ],
];
for (const [name, said, caller] of rows) {
  Deno.test(`callerOf() ${name}`, () => assert.equal(inWords(said), caller));
}
