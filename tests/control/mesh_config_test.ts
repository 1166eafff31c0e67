import assert from "node:assert/strict";
import { readObjects } from "../../src/control/config_objects.ts";
import { meshConfigOf } from "../../src/control/mesh_config.ts";
import { DEFAULT_MESH_CONFIG } from "../../src/model/mesh_config.ts";

const MESH = `trustDomain: td
trustDomainAliases: [old]
pathNormalization: {normalization: MERGE_SLASHES}
defaultConfig: {tracing: null}
extensionProviders:
- name: auth
  envoyExtAuthzGrpc: {service: auth.default.svc.cluster.local, port: "9000"}
`;

/** @param namespaced `namespace/name` of the ConfigMap. */
const meshObjects = (namespaced: string, data: Record<string, string>) => {
  const [namespace, name] = namespaced.split("/");
  const { objects, errors } = readObjects(
    new Map([[
      "mesh.json",
      JSON.stringify({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name, namespace },
        data,
      }),
    ]]),
  );
  assert.deepEqual(errors, []);
  return objects;
};
const inRoot = (mesh: string) => meshObjects("istio-system/istio", { mesh });

Deno.test("meshConfigOf() reads the YAML of the mesh's ConfigMap", () => {
  const { config, warnings } = meshConfigOf(inRoot(MESH));
  assert.deepEqual(warnings, []);
  assert.equal(config.trustDomain, "td");
  assert.deepEqual(config.trustDomainAliases, ["old"]);
  assert.equal(config.pathNormalization, "MERGE_SLASHES");
  assert.equal(config.authorizers.auth?.protocol, "grpc");
  assert.equal(config.authorizers.auth?.port, 9000);
});

const without: [name: string, objects: ReturnType<typeof inRoot>][] = [
  ["no ConfigMap", []],
  ["one of another namespace", meshObjects("shop/istio", { mesh: MESH })],
  ["one of another name", meshObjects("istio-system/istio-1", { mesh: MESH })],
  ["one without the key", meshObjects("istio-system/istio", { other: "x" })],
  ["an empty text", inRoot("")],
  ["a text of comments", inRoot("# nothing yet\n")],
];
for (const [name, objects] of without) {
  Deno.test(`meshConfigOf() has the defaults with ${name}`, () => {
    assert.deepEqual(meshConfigOf(objects), {
      config: DEFAULT_MESH_CONFIG,
      warnings: [],
    });
  });
}

Deno.test("meshConfigOf() looks into the root namespace that is set", () => {
  const objects = meshObjects("mesh/istio", { mesh: MESH });
  const { config } = meshConfigOf(objects, { rootNamespace: "mesh" });
  assert.equal(config.trustDomain, "td");
});

const unreadable: [name: string, mesh: string][] = [
  ["no YAML", "trustDomain: [td"],
  ["a key given twice", "trustDomain: a\ntrustDomain: b\n"],
  ["several documents", "trustDomain: a\n---\ntrustDomain: b\n"],
  ["a list", "[]"],
  ["a text", "mesh"],
];
for (const [name, mesh] of unreadable) {
  Deno.test(`meshConfigOf() falls to what denies most with ${name}`, () => {
    const { config, warnings } = meshConfigOf(inRoot(mesh));
    assert.deepEqual(config, {
      ...DEFAULT_MESH_CONFIG,
      pathNormalization: "DECODE_AND_MERGE_SLASHES",
    });
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!, /^MeshConfig cannot be read: [^\n]+$/);
  });
}
