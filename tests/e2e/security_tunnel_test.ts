/** What a client with a good certificate may ask of a tunnel, and what its headers are worth. */
import assert from "node:assert/strict";
import { OUTSIDER_ADDRESSES } from "../lab/addresses.ts";
import { greetingOf, type LabPod, startHttpServer } from "../lab/mod.ts";
import type { HboneAnswer, HboneRequest } from "./hbone_job.ts";
import {
  authorizationPolicy,
  isFrom,
  underPolicies,
  watchAccess,
} from "./policy_support.ts";
import { askTunnel, connectTo, getThrough, issue } from "./security_support.ts";
import { ECHO_PORT, type Mesh, shareMesh } from "./support.ts";

const meshTest = shareMesh();
const [OUTSIDER] = OUTSIDER_ADDRESSES;
const SLEEP = "cluster.local/ns/default/sa/sleep";
const SERVICE = "httpbin.default.svc.cluster.local";

const ip = ({ ips }: LabPod): string => ips[0] ?? "";

/** Requests of httpbin, from outside, with a good certificate of that account. */
async function ask(
  mesh: Mesh,
  serviceAccount: string,
  requests: readonly HboneRequest[],
  pod: LabPod = mesh.httpbin,
): Promise<readonly HboneAnswer[]> {
  const tls = await issue(mesh.lab, { serviceAccount });
  return await askTunnel(mesh.lab, mesh.lab.outsider, pod, tls, requests);
}

meshTest(
  "a tunnel serves a good certificate, and says whose it is",
  async (mesh) => {
    const [answer] = await ask(mesh, "sleep", [
      getThrough(`${ip(mesh.httpbin)}:8000`),
    ]);
    assert.equal(answer?.status, 200);
    assert.match(answer?.heard ?? "", new RegExp(greetingOf(mesh.httpbin)));
    assert.match(answer?.baggage ?? "", /k8s\.pod\.name=httpbin/);
  },
);

/** Requests that are refused, the status, and what the log says. */
type Refusal = readonly [
  title: string,
  request: (mesh: Mesh) => HboneRequest,
  status: number,
  error: (mesh: Mesh) => string,
];

const REFUSED: readonly Refusal[] = [
  [
    "another pod's address",
    ({ echo }) => connectTo(`${ip(echo)}:${ECHO_PORT}`),
    400,
    ({ httpbin, echo }) => `ip mismatch: ${ip(httpbin)} != ${ip(echo)}`,
  ],
  [
    "the proxy's loopback",
    () => connectTo("127.0.0.1:15000"),
    400,
    ({ httpbin }) => `ip mismatch: ${ip(httpbin)} != 127.0.0.1`,
  ],
  [
    "another pod's service",
    ({ services }) => connectTo(`${services.echo.vips[0]}:${ECHO_PORT}`),
    400,
    ({ httpbin, services }) =>
      `ip mismatch: ${ip(httpbin)} != ${services.echo.vips[0]}`,
  ],
  [
    "a method other than CONNECT",
    ({ httpbin }) => ({
      headers: {
        ":method": "GET",
        ":scheme": "https",
        ":path": "/",
        ":authority": `${ip(httpbin)}:8000`,
      },
    }),
    400,
    () => "expected method CONNECT, got GET",
  ],
  [
    "an authority without a port",
    () => connectTo("httpbin"),
    400,
    () => "no valid authority pseudo header: httpbin",
  ],
  [
    "an authority with user information",
    ({ httpbin }) => connectTo(`me@${ip(httpbin)}:8000`),
    400,
    ({ httpbin }) => `no valid authority pseudo header: me@${ip(httpbin)}:8000`,
  ],
  [
    "port 0",
    ({ httpbin }) => connectTo(`${ip(httpbin)}:0`),
    400,
    ({ httpbin }) => `no valid authority pseudo header: ${ip(httpbin)}:0`,
  ],
  ...[15001, 15006, 15008].map((port): Refusal => [
    `the proxy's own port ${port}`,
    ({ httpbin }) => connectTo(`${ip(httpbin)}:${port}`),
    503,
    () => "attempted recursive call to ourselves",
  ]),
  [
    "an unknown host name",
    () => connectTo("nobody.default.svc.cluster.local:80"),
    503,
    () =>
      "no service or workload for hostname: nobody.default.svc.cluster.local",
  ],
  [
    "a port that the service does not have",
    () => connectTo(`${SERVICE}:81`),
    503,
    () => `requested service ${SERVICE}:81 found, but cannot resolve port`,
  ],
  [
    "a port on which nothing listens",
    ({ httpbin }) => connectTo(`${ip(httpbin)}:7`),
    503,
    () => "connection failed: Connection refused (os error 111)",
  ],
];

for (const [title, request, status, error] of REFUSED) {
  meshTest(`a tunnel refuses ${title} with ${status}`, async (mesh) => {
    const seen = watchAccess(mesh.server);
    const [answer] = await ask(mesh, "sleep", [request(mesh)]);
    assert.equal(answer?.status, status);
    assert.equal(answer?.heard, "");
    const fields = await seen("the refusal", isFrom(OUTSIDER));
    assert.equal(fields["error"], error(mesh));
  });
}

meshTest("a refused request leaves its tunnel to the others", async (mesh) => {
  const answers = await ask(mesh, "sleep", [
    ...REFUSED.map(([, request]) => request(mesh)),
    getThrough(`${ip(mesh.httpbin)}:8000`),
  ]);
  const statuses = answers.map((answer) => answer.status);
  assert.deepEqual(statuses, [...REFUSED.map(([, , status]) => status), 200]);
});

meshTest(
  "a host name leads to the port that its service maps, by number and by name",
  async (mesh) => {
    const { lab, server } = mesh;
    const ports = [{ name: "web", containerPort: 8000 }];
    const pod = await lab.addPod({ name: "named", node: "node-2", ports });
    await startHttpServer(lab, pod);
    await lab.addService({
      name: "named",
      selector: { app: "named" },
      ports: [
        { name: "by-name", port: 80, targetPort: "web" },
        { name: "by-number", port: 81, targetPort: 8000 },
      ],
    });
    await server.untilPodUp(pod);
    await server.untilDump(
      "service named",
      ({ services }) => services.some(({ name }) => name === "named"),
    );
    const host = "named.default.svc.cluster.local";
    const requests = [getThrough(`${host}:80`), getThrough(`${host}:81`)];
    const answers = await ask(mesh, "sleep", requests, pod);
    for (const { status, heard } of answers) {
      assert.equal(status, 200);
      assert.match(heard ?? "", new RegExp(greetingOf(pod)));
    }
    assert.equal(answers.length, 2);
  },
);

meshTest("headers that claim another identity give no rights", async (mesh) => {
  const { httpbin, sleep } = mesh;
  const spiffeId = `spiffe://${SLEEP}`;
  const claims = {
    forwarded: `for=${ip(sleep)};host=${SERVICE};by=${spiffeId}`,
    baggage: "k8s.cluster.name=Kubernetes,k8s.namespace.name=default," +
      "k8s.deployment.name=sleep,service.name=sleep",
    "x-forwarded-network": "other",
    "x-forwarded-client-cert": `By=${spiffeId};URI=${spiffeId}`,
    "x-forwarded-for": ip(sleep),
    "x-hairpin-source": spiffeId,
    "x-istio-source": spiffeId,
  };
  const policy = authorizationPolicy("only-sleep", {
    rules: [{ from: [{ source: { principals: [SLEEP] } }] }],
  });
  const to = `${ip(httpbin)}:8000`;
  await underPolicies(mesh, [policy], async () => {
    const seen = watchAccess(mesh.server);
    const [liar] = await ask(mesh, "notsleep", [getThrough(to, claims)]);
    assert.equal(liar?.status, 401);
    const fields = await seen("the refusal", isFrom(OUTSIDER));
    assert.equal(
      fields["src.identity"],
      "spiffe://cluster.local/ns/default/sa/notsleep",
    );
    const [honest] = await ask(mesh, "sleep", [getThrough(to)]);
    assert.equal(honest?.status, 200);
  });
});

meshTest("an address in a header is no source address", async (mesh) => {
  const { httpbin, sleep } = mesh;
  const policy = authorizationPolicy("only-address", {
    rules: [{ from: [{ source: { ipBlocks: [ip(sleep)] } }] }],
  });
  const claims = {
    forwarded: `for=${ip(sleep)}`,
    "x-forwarded-for": ip(sleep),
    "x-real-ip": ip(sleep),
  };
  await underPolicies(mesh, [policy], async () => {
    const request = getThrough(`${ip(httpbin)}:8000`, claims);
    const [liar] = await ask(mesh, "sleep", [request]);
    assert.equal(liar?.status, 401);
    const real = await mesh.get(sleep, mesh.urlOf(httpbin));
    assert.equal(real.status, 200);
  });
});

meshTest(
  "what a client says of itself cannot forge a line of log or metrics",
  async (mesh) => {
    const forged = "forged";
    const baggage = "k8s.namespace.name=default," +
      `k8s.deployment.name=x%22%20${forged}=%22y%0A${forged}%09access,` +
      `service.name=x%22%7D%201%0A${forged}_total%7Ba=%22`;
    const request = getThrough(`${ip(mesh.httpbin)}:8000`, {
      baggage,
      forwarded: `for=1.2.3.4;host="x ${forged}=1"`,
    });
    const seen = watchAccess(mesh.server);
    const [answer] = await ask(mesh, "sleep", [request]);
    assert.equal(answer?.status, 200);
    const fields = await seen("the call", isFrom(OUTSIDER));
    assert.equal(fields[forged], undefined);
    const logLines = mesh.server.process.lines();
    assert.ok(!logLines.some((line) => line.startsWith(forged)));
    const metrics = await mesh.server.metrics();
    assert.ok(!metrics.some(({ name }) => name.startsWith(forged)));
  },
);
