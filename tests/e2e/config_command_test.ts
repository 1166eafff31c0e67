/** `hairpin config` beside processes that run, and what `/config_dump` has for it. */
import assert from "node:assert/strict";
import type { HairpinProcess } from "../lab/mod.ts";
import { HttpMesh } from "./http_mesh.ts";
import { share } from "./share.ts";
import { servicePolicy, waypointPolicy } from "./waypoint_support.ts";

const configTest = share(() => HttpMesh.start());

const REPOSITORY = new URL("../..", import.meta.url).pathname;

/** Runs it where the process is. */
async function config(
  { lab }: HttpMesh,
  { place }: HairpinProcess,
  ...args: readonly string[]
) {
  const main = `${REPOSITORY}main.ts`;
  const { code, stdout, stderr } = await lab.exec(place, [
    ...[Deno.execPath(), "run", "-A", "--config", `${REPOSITORY}deno.json`],
    ...[main, "config", ...args],
  ]);
  return { code, stdout, stderr };
}

async function shown(
  mesh: HttpMesh,
  process: HairpinProcess,
  ...args: readonly string[]
): Promise<string> {
  const { code, stdout, stderr } = await config(mesh, process, ...args);
  assert.equal(code, 0, stderr);
  return stdout;
}

const OBJECTS = [
  {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: "split", namespace: "mesh" },
    spec: {
      parentRefs: [{ group: "", kind: "Service", name: "echo", port: 80 }],
      rules: [{
        matches: [{ path: { type: "PathPrefix", value: "/" } }],
        backendRefs: [{ name: "echo-v1", port: 80, weight: 9 }, {
          name: "echo-v2",
          port: 80,
          weight: 1,
        }],
      }, {
        matches: [{ path: { type: "Exact", value: "/one" }, method: "GET" }],
        filters: [{
          type: "RequestHeaderModifier",
          requestHeaderModifier: { set: [{ name: "x-key", value: "s3cret" }] },
        }],
        backendRefs: [{ name: "echo-v2", port: 80 }],
      }],
    },
  },
  waypointPolicy("everywhere", {
    action: "DENY",
    rules: [{ to: [{ operation: { paths: ["/secret"] } }] }],
  }),
  servicePolicy("here", { rules: [{}] }, "echo"),
  {
    apiVersion: "security.istio.io/v1",
    kind: "RequestAuthentication",
    metadata: { name: "tokens", namespace: "mesh" },
    spec: {
      targetRefs: [{ kind: "Service", group: "", name: "echo" }],
      jwtRules: [{
        issuer: "issuer@test",
        jwks: '{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}',
      }],
    },
  },
  {
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name: "echo", namespace: "mesh" },
    spec: {
      host: "echo.mesh.svc.cluster.local",
      trafficPolicy: { loadBalancer: { simple: "ROUND_ROBIN" } },
    },
  },
].map((object) => inMesh(object));

function inMesh(object: object): object {
  const { metadata, ...rest } = object as { metadata: object };
  return { ...rest, metadata: { ...metadata, namespace: "mesh" } };
}

const KEY = "mesh/echo.mesh.svc.cluster.local";

configTest("a waypoint shows its routes in their order", async (mesh) => {
  await mesh.under("objects", OBJECTS, async () => {
    const text = await shown(mesh, mesh.waypoint, "routes");
    const rows = text.split("\n").slice(1, -1).map((row) => row.split(/ {1,}/));
    const of = "mesh/echo";
    assert.deepEqual(rows, [
      [
        ...[KEY, "80", "all", "GET", "/one"],
        ...[`${of}-v2.mesh.svc.cluster.local:80`, "requestHeaders"],
        ...["HTTPRoute", "mesh/split", "1"],
      ],
      [
        ...[KEY, "80", "all", "/*"],
        [1, 2].map((v) =>
          `${of}-v${v}.mesh.svc.cluster.local:80(${v === 1 ? 9 : 1})`
        ).join(","),
        ...["-", "HTTPRoute", "mesh/split", "0"],
      ],
    ]);
    const json = JSON.parse(
      await shown(mesh, mesh.waypoint, "routes", "-o", "json"),
    );
    assert.equal(json[0].rules[0].route, "mesh/split");
  });
});

configTest("a waypoint's dump has its layer 7, and no secret", async (mesh) => {
  await mesh.under("objects", OBJECTS, async () => {
    const text = await mesh.waypoint.admin("/config_dump");
    const { waypoint } = JSON.parse(text).hairpin;
    assert.equal(waypoint.gateway, "mesh/waypoint");
    assert.deepEqual(
      waypoint.policies.map((p: Record<string, string>) => [
        p.attachedTo,
        p.name,
        p.action,
      ]),
      [["gateway", "everywhere", "DENY"], [KEY, "here", "ALLOW"]],
    );
    const [tokens] = waypoint.requestAuthentications;
    assert.deepEqual(tokens.rules[0].keys, {
      source: "inline",
      state: "keys",
      count: 1,
    });
    assert.deepEqual(waypoint.upstreams, [
      { service: KEY, balancing: "ROUND_ROBIN", connectTimeoutMs: 10_000 },
    ]);
    const [status] = waypoint.routeStatuses;
    assert.equal(status.route, "mesh/split");
    assert.deepEqual(
      status.parents[0].conditions.map((c: Record<string, string>) => c.status),
      ["True", "True"],
    );
    for (const secret of ["s3cret", "c2VjcmV0"]) {
      assert.ok(!text.includes(secret), `${secret} is in the dump`);
    }
    const policies = await shown(mesh, mesh.waypoint, "policies");
    assert.match(policies, /^mesh +everywhere +Deny +Gateway$/m);
  });
});

const SECTIONS: readonly (readonly [section: string, shown: RegExp])[] = [
  ["workloads", /^mesh +echo-v1 +\S+ +node-2 +None +HBONE$/m],
  ["services", /^mesh +echo +\S+ +waypoint +2\/2$/m],
  ["policies", /^NAMESPACE +POLICY NAME +ACTION +SCOPE$/m],
  ["certificates", /sa\/echo-v1 +Leaf +Available +true /m],
  ["connections", /^WORKLOAD +DIRECTION/m],
  ["all", /^mesh +echo-v1 [^]*^mesh +echo [^]*Root +Available/m],
];
for (const [section, pattern] of SECTIONS) {
  configTest(`a node shows ${section} in both formats`, async (mesh) => {
    await mesh.echo(mesh.urlOf("echo-v1"));
    const [, server] = mesh.proxies;
    assert.match(await shown(mesh, server, section), pattern);
    const json = JSON.parse(await shown(mesh, server, section, "-o", "json"));
    assert.ok(Object.keys(json).length > 0 || section === "policies");
  });
}

configTest("a saved dump is as good as a process", async (mesh) => {
  const file = `${mesh.lab.folder}/dump.json`;
  await Deno.writeTextFile(file, await mesh.waypoint.admin("/config_dump"));
  const [, , waypoint] = mesh.proxies;
  assert.equal(
    await shown(mesh, mesh.proxies[0], "services", "--file", file),
    await shown(mesh, waypoint, "services"),
  );
});

configTest("what cannot be shown is said on one line", async (mesh) => {
  const faults: [args: string[], said: RegExp][] = [
    [
      ["routes"],
      /^hairpin: Cannot show "routes": it is no dump of a waypoint\n$/,
    ],
    [["all", "--file", "/nowhere"], /^hairpin: Cannot read "\/nowhere": .*\n$/],
    [
      ["all", "--admin", "127.0.0.1:1"],
      /^hairpin: Cannot ask .*127\.0\.0\.1:1.*\n$/,
    ],
  ];
  for (const [args, said] of faults) {
    const { code, stdout, stderr } = await config(
      mesh,
      mesh.proxies[0],
      ...args,
    );
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr.replace(/^.*Warning.*\n/, ""), said);
  }
});
