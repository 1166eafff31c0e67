import assert from "node:assert/strict";
import { SELF_PORTS_WITH_SOCKS5 } from "../../src/decide/self_ports.ts";
import { ip } from "../support/sample_mesh.ts";
import { HOST, inWords, resolve, type Row, TUNNEL } from "./inbound_mesh.ts";

const plain: Row[] = [
  ["takes its own address", {}, "10.0.0.2:8080", "10.0.0.2:8080"],
  ["takes any port of it", {}, "10.0.0.2:1", "10.0.0.2:1"],
  [
    "refuses another pod's address",
    {},
    "10.0.0.1:8080",
    "400 ip mismatch: 10.0.0.2 != 10.0.0.1",
  ],
  [
    "refuses its own service's address",
    {},
    "10.1.0.2:80",
    "400 ip mismatch: 10.0.0.2 != 10.1.0.2",
  ],
  [
    "refuses an unknown address",
    {},
    "192.0.2.1:80",
    "400 ip mismatch: 10.0.0.2 != 192.0.2.1",
  ],
  [
    "refuses loopback",
    {},
    "127.0.0.1:8080",
    "400 ip mismatch: 10.0.0.2 != 127.0.0.1",
  ],
  [
    "refuses its own address in mapped form",
    {},
    "[::ffff:10.0.0.2]:8080",
    "400 no valid authority pseudo header: [::ffff:10.0.0.2]:8080",
  ],
  [
    "refuses what is no authority",
    {},
    "10.0.0.2",
    "400 no valid authority pseudo header: 10.0.0.2",
  ],
];

const hostnames: Row[] = [
  ["translates a service's port", {}, `${HOST}:80`, "10.0.0.2:8080"],
  [
    "prefers its own port",
    {
      server: { services: { [`ns1/${HOST}`]: { 80: 9090 } } },
    },
    `${HOST}:80`,
    "10.0.0.2:9090",
  ],
  [
    "translates a named port",
    {
      web: { ports: { 80: 0 } },
      server: { services: { [`ns1/${HOST}`]: { 80: 9090 } } },
    },
    `${HOST}:80`,
    "10.0.0.2:9090",
  ],
  [
    "cannot translate a named port that it lacks",
    {
      web: { ports: { 80: 0 } },
    },
    `${HOST}:80`,
    `503 requested service ${HOST}:80 found, but cannot resolve port`,
  ],
  [
    "cannot translate a port that the service lacks",
    {},
    `${HOST}:81`,
    `503 requested service ${HOST}:81 found, but cannot resolve port`,
  ],
  [
    "knows no such service",
    {},
    "no.example:80",
    "503 no service or workload for hostname: no.example",
  ],
  [
    "hides another namespace's private service",
    {
      web: { namespace: "ns2", visibility: "Namespace" },
    },
    `${HOST}:80`,
    `503 no service or workload for hostname: ${HOST}`,
  ],
  [
    "does not take a trailing dot for the same name",
    {},
    `${HOST}.:80`,
    `400 no valid authority pseudo header: ${HOST}.:80`,
  ],
];

const PROXY_ONLY = { applicationTunnel: { protocol: "PROXY" } } as const;
const tunnels: Row[] = [
  [
    "takes any address",
    { server: TUNNEL },
    "192.0.2.1:7",
    "10.0.0.2:15088 for 192.0.2.1:7",
  ],
  [
    "keeps the port when the tunnel has none",
    { server: PROXY_ONLY },
    "10.0.0.2:7",
    "10.0.0.2:7 for 10.0.0.2:7",
  ],
  [
    "sends no header when it is plain",
    {
      server: { applicationTunnel: { protocol: "NONE", port: 15088 } },
    },
    "192.0.2.1:7",
    "10.0.0.2:15088",
  ],
  [
    "names a service by its address and port",
    { server: TUNNEL },
    `${HOST}:80`,
    "10.0.0.2:15088 for 10.1.0.2:80",
  ],
  [
    "prefers its own network, then IPv4, then the last",
    {
      server: TUNNEL,
      web: {
        vips: [
          { network: "", ip: ip("10.1.0.7") },
          { network: "", ip: ip("10.1.0.8") },
          { network: "", ip: ip("fd00::8") },
          { network: "net2", ip: ip("10.1.0.9") },
        ],
      },
    },
    `${HOST}:80`,
    "10.0.0.2:15088 for 10.1.0.8:80",
  ],
  [
    "cannot name a service without an address",
    {
      server: TUNNEL,
      web: { vips: [] },
    },
    `${HOST}:80`,
    `503 requested service ${HOST} found, but has no IP addresses`,
  ],
  [
    "needs no address when it is plain",
    {
      server: { applicationTunnel: { protocol: "NONE", port: 15088 } },
      web: { vips: [] },
    },
    `${HOST}:80`,
    "10.0.0.2:15088",
  ],
];

const SELF = "503 attempted recursive call to ourselves";
const self: Row[] = [
  ["refuses its own outbound port", {}, "10.0.0.2:15001", SELF],
  ["refuses its own plaintext port", {}, "10.0.0.2:15006", SELF],
  ["refuses its own tunnel port", {}, "10.0.0.2:15008", SELF],
  [
    "refuses them behind a service",
    { web: { ports: { 80: 15008 } } },
    `${HOST}:80`,
    SELF,
  ],
  [
    "refuses them before a tunnel changes the port",
    { server: TUNNEL },
    "10.0.0.2:15008",
    SELF,
  ],
];

for (
  const [name, given, authority, target] of [...plain, ...hostnames, ...self]
) {
  Deno.test(`resolveInbound() ${name}`, () => {
    assert.equal(inWords(resolve(given, authority)), target);
  });
}
for (const [name, given, authority, target] of tunnels) {
  Deno.test(`resolveInbound() with an application tunnel ${name}`, () => {
    assert.equal(inWords(resolve(given, authority)), target);
  });
}

Deno.test("resolveInbound() refuses the SOCKS5 port where that listener runs", () => {
  const selfPorts = SELF_PORTS_WITH_SOCKS5;
  assert.equal(resolve({}, "10.0.0.2:15080").kind, "accept");
  assert.equal(resolve({}, "10.0.0.2:15080", { selfPorts }).kind, "refuse");
});

Deno.test("resolveInbound() repeats no more of an authority than the limit", () => {
  const target = resolve({}, "x".repeat(100_000));
  assert.ok(target.kind === "refuse");
  assert.equal(
    target.because.length,
    "no valid authority pseudo header: ".length + 259,
  );
});

const guesses: [
  name: string,
  authority: string,
  forwardedHost: string | undefined,
  service: string | undefined,
][] = [
  ["by target port", "10.0.0.2:8080", undefined, "web"],
  ["by the name that the client forwards", "10.0.0.2:1", HOST, "web"],
  [
    "not by a name that it does not serve",
    "10.0.0.2:1",
    "wp.example",
    undefined,
  ],
  ["not by another port", "10.0.0.2:1", undefined, undefined],
  ["by hostname", `${HOST}:80`, undefined, "web"],
];
for (const [name, authority, host, serviceName] of guesses) {
  Deno.test(`resolveInbound() guesses the service ${name}`, () => {
    const options = host === undefined ? {} : { forwardedHost: host };
    const target = resolve({}, authority, options);
    assert.ok(target.kind === "accept");
    assert.equal(target.service?.name, serviceName);
  });
}
