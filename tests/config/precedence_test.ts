import assert from "node:assert/strict";
import { at, configOf, MACHINE, NODE, refuses } from "./support.ts";

/** Each row: a flag and a variable for one setting, told different things. */
const rows: [flag: string, variable: string, path: string, want: unknown][] = [
  ["--node-name=f", "NODE_NAME=v", "nodeName", "f"],
  ["--redirect=self", "HAIRPIN_REDIRECT=none", "redirect", "self"],
  ["--workers=3", "ZTUNNEL_WORKER_THREADS=4", "workers", 3],
  ["--admin=127.0.0.2:5", "ADMIN_PORT=6", "admin", {
    host: "127.0.0.2",
    port: 5,
  }],
  ["--stats=1.2.3.4:5", "STATS_PORT=6", "stats", { host: "1.2.3.4", port: 5 }],
  ["--cluster-id=f", "ISTIO_META_CLUSTER_ID=v", "clusterId", "f"],
  ["--config=b", "HAIRPIN_CONFIG=v", "configPaths", ["mesh", "b"]],
  ["--local-xds=f", "LOCAL_XDS_PATH=v", "localXds.path", "f"],
  ["--xds-address=f:1", "XDS_ADDRESS=", "xds.address", "https://f:1"],
  ["--ca-dir=f", "HAIRPIN_CA_DIR=v", "ca.dir", "f"],
  [
    "--node-local-lane=off",
    "HAIRPIN_NODE_LOCAL_LANE=on",
    "nodeLocalLane",
    false,
  ],
];
for (const [flag, variable, path, want] of rows) {
  Deno.test(`${flag} outranks ${variable}`, () => {
    const [name, value] = variable.split("=") as [string, string];
    const base = flag.startsWith("--ca-dir") ? NODE.slice(0, 4) : NODE;
    const config = configOf([...base, flag], { [name]: value });
    assert.deepEqual(at(config, path), want);
  });
}

const MESH = JSON.stringify({
  rootNamespace: "ignored",
  defaultConfig: {
    discoveryAddress: "mesh:1",
    statsPort: 1,
    proxyAdminPort: 2,
    unknownKey: [],
    proxyMetadata: { ISTIO_META_CLUSTER_ID: "mesh", A: "mesh", B: "mesh" },
  },
});
const withMesh = {
  ...MACHINE,
  readFile: (path: string) =>
    path === "./etc/istio/config/mesh" ? MESH : undefined,
};
const PROXY_CONFIG = JSON.stringify({
  statsPort: 3,
  proxyMetadata: { A: "proxy", ISTIO_META_C: true },
});

Deno.test("the mesh file sets ports, xDS and metadata", () => {
  const config = configOf(NODE, {}, withMesh);
  assert.equal(config.xds?.address, "https://mesh:1");
  assert.equal(config.stats.port, 1);
  assert.equal(config.admin.port, 2);
  assert.equal(config.clusterId, "mesh");
  assert.deepEqual(config.proxyMetadata, {
    CLUSTER_ID: "mesh",
    A: "mesh",
    B: "mesh",
  });
});

Deno.test("PROXY_CONFIG outranks the mesh file field by field", () => {
  const config = configOf(NODE, { PROXY_CONFIG }, withMesh);
  assert.equal(config.stats.port, 3);
  assert.equal(config.admin.port, 2);
  assert.deepEqual(config.proxyMetadata, {
    CLUSTER_ID: "mesh",
    A: "proxy",
    B: "mesh",
    C: "true",
  });
});

Deno.test("variables outrank PROXY_CONFIG and the mesh file", () => {
  const variables = {
    PROXY_CONFIG,
    STATS_PORT: "9",
    XDS_ADDRESS: "env:1",
    CLUSTER_ID: "plain",
    ISTIO_META_A: "env",
  };
  const config = configOf(NODE, variables, withMesh);
  assert.equal(config.stats.port, 9);
  assert.equal(config.xds?.address, "https://env:1");
  assert.equal(config.proxyMetadata.A, "env");
  assert.equal(config.clusterId, "mesh", "metadata outranks CLUSTER_ID");
});

Deno.test("an empty mesh file is as good as none", () => {
  const machine = {
    ...MACHINE,
    readFile: () => "",
    parseYaml: () => null,
  };
  assert.deepEqual(configOf(NODE, {}, machine), configOf(NODE));
});

const bad: [line: string, variables: object, mesh: string | undefined][] = [
  [
    'invalid variable PROXY_CONFIG, field statsPort "many": want a port from 0 to 65535',
    { PROXY_CONFIG: '{"statsPort":"many"}' },
    undefined,
  ],
  [
    'invalid variable PROXY_CONFIG, field proxyAdminPort {"a":1}: want a text, number or boolean',
    { PROXY_CONFIG: '{"proxyAdminPort":{"a":1}}' },
    undefined,
  ],
  [
    "cannot read variable PROXY_CONFIG: want an object, found [1]",
    { PROXY_CONFIG: "[1]" },
    undefined,
  ],
  [
    'cannot read file "./etc/istio/config/mesh", field defaultConfig: want an object, found 7',
    {},
    '{"defaultConfig":7}',
  ],
  [
    'invalid file "./etc/istio/config/mesh", field defaultConfig.statsPort "-1": want a port from 0 to 65535',
    {},
    '{"defaultConfig":{"statsPort":-1}}',
  ],
  [
    'cannot read file "./etc/istio/config/mesh", field defaultConfig.proxyMetadata: want an object, found "x"',
    {},
    '{"defaultConfig":{"proxyMetadata":"x"}}',
  ],
  [
    'cannot read file "./etc/istio/config/mesh": 1048577 characters, at most 1048576 are read',
    {},
    " ".repeat(1_048_577),
  ],
];
for (const [line, variables, mesh] of bad) {
  Deno.test(`ProxyConfig is refused: ${line.slice(0, 90)}`, () => {
    refuses(line, NODE, { ...variables }, { ...MACHINE, readFile: () => mesh });
  });
}

Deno.test("ProxyConfig that does not parse is named with the reason", () => {
  const machine = {
    ...MACHINE,
    parseYaml: () => {
      throw new Error("bad indent\n  at line 2");
    },
  };
  refuses(
    "cannot read variable PROXY_CONFIG: bad indent at line 2",
    NODE,
    { PROXY_CONFIG: "x" },
    machine,
  );
});

Deno.test("a mesh file that cannot be read is named with the reason", () => {
  const machine = {
    ...MACHINE,
    readFile: () => {
      throw new Error("permission denied");
    },
  };
  refuses(
    'cannot read file "./etc/istio/config/mesh": permission denied',
    NODE,
    {},
    machine,
  );
});
