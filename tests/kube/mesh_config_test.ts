import assert from "node:assert/strict";
import { readMeshConfig } from "../../src/kube/mesh_config.ts";
import { DEFAULT_MESH_CONFIG } from "../../src/model/mesh_config.ts";

Deno.test("readMeshConfig() without one has Istio's defaults", () => {
  for (const mesh of [undefined, null, {}]) {
    assert.deepEqual(readMeshConfig(mesh), {
      config: DEFAULT_MESH_CONFIG,
      warnings: [],
    });
  }
});

Deno.test("readMeshConfig() reads trust domains and ignores the rest", () => {
  const { config, warnings } = readMeshConfig({
    trustDomain: "td",
    trustDomainAliases: ["old", "older"],
    accessLogFile: "/dev/stdout",
  });
  assert.deepEqual(warnings, []);
  assert.equal(config.trustDomain, "td");
  assert.deepEqual(config.trustDomainAliases, ["old", "older"]);
});

const normalizations: [given: string, used: string, isKnown: boolean][] = [
  ["DEFAULT", "BASE", true],
  ["BASE", "BASE", true],
  ["NONE", "NONE", true],
  ["MERGE_SLASHES", "MERGE_SLASHES", true],
  ["DECODE_AND_MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES", true],
  ["base", "DECODE_AND_MERGE_SLASHES", false],
  ["constructor", "DECODE_AND_MERGE_SLASHES", false],
];
for (const [normalization, used, isKnown] of normalizations) {
  Deno.test(`readMeshConfig() takes ${normalization} as ${used}`, () => {
    const { config, warnings } = readMeshConfig({
      pathNormalization: { normalization },
    });
    assert.equal(config.pathNormalization, used);
    assert.equal(warnings.length, isKnown ? 0 : 1);
  });
}

Deno.test("readMeshConfig() that cannot be read is strict and says so", () => {
  const { config, warnings } = readMeshConfig({ trustDomain: 1 });
  assert.equal(config.pathNormalization, "DECODE_AND_MERGE_SLASHES");
  assert.deepEqual(warnings, [
    "MeshConfig cannot be read: trustDomain: 1 is not text (quote it if it is meant as text)",
  ]);
});

const provider = (fields: Record<string, unknown>) => ({
  name: "auth",
  envoyExtAuthzHttp: { service: "auth.shop", port: 8000, ...fields },
});
const authorizers = (...extensionProviders: unknown[]) =>
  readMeshConfig({ extensionProviders });

const BASE = {
  name: "auth",
  service: "auth.shop",
  port: 8000,
  timeoutMs: 600_000,
  failOpen: false,
  statusOnError: 403,
  clearRouteCache: false,
  body: undefined,
};

Deno.test("an HTTP provider has Istio's defaults", () => {
  assert.deepEqual(authorizers(provider({})).config.authorizers, {
    auth: {
      protocol: "http",
      ...BASE,
      pathPrefix: "",
      requestHeaders: [],
      additionalHeaders: [],
      upstreamOnAllow: [],
      downstreamOnAllow: [],
      downstreamOnDeny: [],
    },
  });
});

Deno.test("an HTTP provider is read whole", () => {
  const { config, warnings } = authorizers(provider({
    port: "8000",
    timeout: "1.5s",
    failOpen: true,
    statusOnError: "503",
    clearRouteCache: true,
    pathPrefix: "/check",
    includeRequestHeadersInCheck: ["Cookie", "x-*"],
    includeAdditionalHeadersInCheck: { "X-Extra": "1" },
    headersToUpstreamOnAllow: ["*-user"],
    headersToDownstreamOnAllow: ["set-cookie"],
    headersToDownstreamOnDeny: ["content-type"],
    includeRequestBodyInCheck: {
      maxRequestBytes: 10,
      allowPartialMessage: true,
      packAsBytes: true,
    },
  }));
  assert.deepEqual(warnings, []);
  assert.deepEqual(config.authorizers.auth, {
    protocol: "http",
    ...BASE,
    timeoutMs: 1_500,
    failOpen: true,
    statusOnError: 503,
    clearRouteCache: true,
    body: { sizeMax: 10, allowPartial: true, asOctets: true },
    pathPrefix: "/check",
    requestHeaders: [
      { kind: "exact", value: "cookie" },
      { kind: "prefix", value: "x-" },
    ],
    additionalHeaders: [["x-extra", "1"]],
    upstreamOnAllow: [{ kind: "suffix", value: "-user" }],
    downstreamOnAllow: [{ kind: "exact", value: "set-cookie" }],
    downstreamOnDeny: [{ kind: "exact", value: "content-type" }],
  });
});

Deno.test("a gRPC provider is read", () => {
  const { config } = authorizers({
    name: "auth",
    envoyExtAuthzGrpc: { service: "auth.shop", port: 8000 },
  });
  assert.deepEqual(config.authorizers.auth, { protocol: "grpc", ...BASE });
});

Deno.test("providers of other kinds are let be", () => {
  const zipkin = { name: "z", zipkin: { service: "z", port: 9411 } };
  assert.deepEqual(authorizers(zipkin), readMeshConfig({}));
});

const bad: [name: string, fields: Record<string, unknown>, why: string][] = [
  ["no service", { service: undefined }, "is missing"],
  ["an empty service", { service: "" }, '"" is empty'],
  ["port 0", { port: 0 }, "0 is not a whole number from 1 to 65535"],
  ["port text", { port: "x" }, '"x" is not a port (1 to 65535)'],
  ["a bad timeout", { timeout: "soon" }, '"soon" is not a duration'],
  ["a bad status", { statusOnError: "42" }, '"42" is not an HTTP status'],
  ["a relative prefix", { pathPrefix: "x" }, '"x" does not start with "/"'],
];
for (const [name, fields, why] of bad) {
  Deno.test(`a provider with ${name} is left out and named`, () => {
    const { config, warnings } = authorizers(
      provider(fields),
      { ...provider({}), name: "good" },
    );
    assert.deepEqual(Object.keys(config.authorizers), ["good"]);
    assert.equal(warnings.length, 1);
    assert.match(
      warnings[0]!,
      /^MeshConfig extensionProviders\[0\] is left out/,
    );
    assert.ok(warnings[0]!.includes(why), warnings[0]);
  });
}

Deno.test("a name given twice, or thrice, is nobody's", () => {
  const { config, warnings } = authorizers(
    provider({}),
    provider({}),
    provider({}),
  );
  assert.deepEqual(config.authorizers, {});
  assert.equal(warnings.length, 2);
});

Deno.test("a list of providers that is none, or too long, leaves none", () => {
  for (const list of ["x", Array(257).fill(provider({}))]) {
    const { config, warnings } = readMeshConfig({ extensionProviders: list });
    assert.deepEqual(config.authorizers, {});
    assert.equal(warnings.length, 1);
  }
});

Deno.test("readMeshConfig() takes null for a field that is absent", () => {
  const { config, warnings } = readMeshConfig({
    trustDomain: null,
    extensionProviders: null,
    pathNormalization: null,
  });
  assert.deepEqual(config, DEFAULT_MESH_CONFIG);
  assert.deepEqual(warnings, []);
});

Deno.test("readMeshConfig() refuses keys that reach into prototypes", () => {
  const { config, warnings } = readMeshConfig(
    JSON.parse('{"trustDomain":"td","__proto__":{"a":1}}'),
  );
  assert.equal(config.trustDomain, undefined);
  assert.equal(config.pathNormalization, "DECODE_AND_MERGE_SLASHES");
  assert.match(warnings.join(), /^MeshConfig cannot be read: __proto__/);
});
