/** What `--mode deployer` is told. */
import assert from "node:assert/strict";
import type { DeployerConfig } from "../../src/config/mod.ts";
import { parseConfig } from "../../src/config/parse_config.ts";
import type { Variables } from "../../src/config/settings.ts";
import { MACHINE, refuses } from "./support.ts";

const MODE = ["--mode", "deployer"];
const CLUSTER = { KUBERNETES_SERVICE_HOST: "10.0.0.1" };
const LEAST = [...MODE, "--image", "hairpin:1"];

function configOf(
  args: readonly string[],
  variables: Variables = CLUSTER,
): DeployerConfig {
  const command = parseConfig(args, variables, MACHINE);
  assert.equal(command.kind, "deploy");
  return (command as { config: DeployerConfig }).config;
}

Deno.test("--mode deployer needs an image alone in a cluster", () => {
  assert.deepEqual(configOf(LEAST), {
    kube: { kind: "in-cluster", server: "https://10.0.0.1:443" },
    image: "hairpin:1",
    imagePullPolicy: undefined,
    caSecret: undefined,
    waypointVariables: {},
    stats: { host: "::", port: 15_020 },
    readiness: { host: "::", port: 15_021 },
    log: { filter: "info", format: "plain" },
    warnings: [],
  });
});

Deno.test("--mode deployer takes its flags, and their variables", () => {
  const expected = {
    image: "registry:5000/a/hairpin@sha256:0123",
    imagePullPolicy: "Never",
    caSecret: "hairpin-ca",
  };
  const flags = [
    ...["--image", expected.image, "--image-pull-policy", "Never"],
    ...["--ca-secret", "hairpin-ca"],
  ];
  const variables = {
    ...CLUSTER,
    HAIRPIN_MODE: "deployer",
    HAIRPIN_IMAGE: expected.image,
    HAIRPIN_IMAGE_PULL_POLICY: "Never",
    HAIRPIN_CA_SECRET: "hairpin-ca",
  };
  const flagged = configOf([...MODE, ...flags]);
  const { image, imagePullPolicy, caSecret } = flagged;
  assert.deepEqual({ image, imagePullPolicy, caSecret }, expected);
  assert.deepEqual(configOf([], variables), flagged);
  const file = configOf([...LEAST, "--kube", "/etc/kubeconfig"], {});
  assert.deepEqual(file.kube, { kind: "kubeconfig", path: "/etc/kubeconfig" });
});

Deno.test("--mode deployer passes the mesh's settings on, and no others", () => {
  const passed = { TRUST_DOMAIN: "corp", CLUSTER_ID: "c1", RUST_LOG: "debug" };
  const { waypointVariables } = configOf(LEAST, {
    ...CLUSTER,
    ...passed,
    NETWORK: "",
    AUTH_TOKEN: "secret",
    POD_NAME: "p",
  });
  assert.deepEqual(waypointVariables, passed);
});

const rows: [line: string, args: string[], variables: Variables][] = [
  ["no image: --mode deployer wants --image IMAGE", MODE, CLUSTER],
  [
    "no Kubernetes API: --mode deployer wants --kube outside of a cluster",
    LEAST,
    {},
  ],
  [
    'invalid flag --image "a b": want an image\'s name, without spaces',
    [...MODE, "--image", "a b"],
    CLUSTER,
  ],
  [
    'invalid flag --image-pull-policy "Often": want Always, IfNotPresent or Never',
    [...LEAST, "--image-pull-policy", "Often"],
    CLUSTER,
  ],
  [
    'invalid flag --ca-secret "A": want a Secret\'s name',
    [...LEAST, "--ca-secret", "A"],
    CLUSTER,
  ],
  [
    'flag --workers does not belong to "hairpin --mode deployer"',
    [...LEAST, "--workers", "2"],
    CLUSTER,
  ],
  [
    'flag --image does not belong to "hairpin --mode"',
    ["--mode", "node", "--image", "a"],
    CLUSTER,
  ],
  [
    'the arguments "proxy ztunnel" mean --mode node: found --mode deployer',
    ["proxy", "ztunnel", "--mode", "deployer"],
    CLUSTER,
  ],
];
for (const [line, args, variables] of rows) {
  Deno.test(`"${args.join(" ")}" is refused: ${line}`, () => {
    refuses(line, args, variables);
  });
}
