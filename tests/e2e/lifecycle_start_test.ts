/** Starts that cannot be: one line that names the cause, an exit code, no stack. */
import assert from "node:assert/strict";
import {
  Lab,
  type LabNode,
  type LabProcess,
  labSkipReason,
} from "../lab/mod.ts";
import { labTest } from "./support.ts";

const REPOSITORY = new URL("../..", import.meta.url).pathname;
const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;
const TIMEOUT_MS = 60_000;

/** One start in a node's namespace. */
interface Start {
  /** After the flags that every start has. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Files of the configuration by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** What the program is started by. */
  readonly through?: readonly string[];
  readonly exitCode: number;
  readonly line: RegExp;
}

const ROWS: readonly [name: string, start: Start][] = [
  ["a flag that does not exist", {
    flags: ["--no-such-flag", "7"],
    exitCode: EXIT_USAGE,
    line: /unknown flag "--no-such-flag"/,
  }],
  ["a flag's value that cannot be", {
    flags: ["--workers", "many"],
    exitCode: EXIT_USAGE,
    line: /--workers.*"many"/,
  }],
  ["a variable's value that cannot be", {
    env: { SECRET_TTL: "soon" },
    exitCode: EXIT_USAGE,
    line: /SECRET_TTL.*"soon"/,
  }],
  ["YAML that cannot be read", {
    files: { "broken.yaml": "kind: [Pod\nmetadata: {" },
    exitCode: EXIT_USAGE,
    line: /broken\.yaml/,
  }],
  ["an unknown field of a policy", {
    files: { "policy.yaml": policy("  actoin: DENY\n") },
    exitCode: EXIT_USAGE,
    line: /policy\.yaml.*actoin/,
  }],
  ["an unknown value in a policy", {
    files: { "policy.yaml": policy("  action: REFUSE\n") },
    exitCode: EXIT_USAGE,
    line: /policy\.yaml.*action.*REFUSE/,
  }],
  ["a folder of configuration that is not there", {
    flags: ["--config", "/nowhere/at/all"],
    exitCode: EXIT_USAGE,
    line: /\/nowhere\/at\/all/,
  }],
  ["a local xDS file with a field unknown", {
    flags: ["--local-xds", "LOCAL_XDS_FILE"],
    exitCode: EXIT_USAGE,
    line: /local-xds\.yaml.*nmae/,
  }],
  ["iptables that is not installed", {
    through: ["env", "PATH=/nonexistent"],
    exitCode: EXIT_FAILURE,
    line: /iptables.*install the iptables package/,
  }],
  ["a process without CAP_NET_ADMIN", {
    through: ["setpriv", "--bounding-set=-net_admin,-net_raw", "--"],
    exitCode: EXIT_FAILURE,
    line: /CAP_NET_ADMIN/,
  }],
  ["a process without CAP_SYS_ADMIN", {
    through: ["setpriv", "--bounding-set=-sys_admin", "--"],
    exitCode: EXIT_FAILURE,
    line: /CAP_SYS_ADMIN/,
  }],
];

let lab: Lab | undefined;
let serial = 0;

if (await labSkipReason() === undefined) {
  Deno.test.beforeAll(async () => {
    lab = await Lab.create({ nodes: 1 });
  });
  Deno.test.afterAll(async () => {
    await lab?.[Symbol.asyncDispose]();
  });
}

for (const [name, start] of ROWS) {
  labTest(`a start ends at ${name}, with one line that says so`, async () => {
    const { code, said } = await run(start);
    assert.equal(code, start.exitCode, said);
    assertOneLine(said, start.line);
  });
}

for (const port of [15000, 15020, 15021]) {
  labTest(`a start ends when port ${port} is taken, and names it`, async () => {
    const node = ownLab().node("node-1");
    const holder = await holdPort(node, port);
    const { code, said } = await run({
      exitCode: EXIT_FAILURE,
      line: new RegExp(`${port}`),
    });
    await holder.stop();
    assert.equal(code, EXIT_FAILURE, said);
    assertOneLine(said, new RegExp(`${port}.*in use`));
  });
}

labTest("a start that fails leaves pods as they were", async () => {
  const node = ownLab().node("node-1");
  const pod = await ownLab().addPod({ name: "spared", node: node.name });
  const holder = await holdPort(node, 15020);
  const { code, said } = await run({
    flags: ["--config", ownLab().configFolder, "--node-name", node.name],
    exitCode: EXIT_FAILURE,
    line: /15020/,
  });
  await holder.stop();
  assert.equal(code, EXIT_FAILURE, said);
  const rules = await ownLab().exec(pod, ["iptables-save"]);
  assert.doesNotMatch(rules.stdout, /ISTIO_/);
});

labTest(
  "a waypoint that does not exist is warned of, and the start goes on",
  async () => {
    const running = ownLab().start(
      ownLab().node("node-1"),
      "with-warning",
      await commandOf({
        files: { "service.yaml": SERVICE_OF_NOBODY },
        exitCode: 0,
        line: /./,
      }),
      { cwd: REPOSITORY },
    );
    await running.untilLog(/warn.*"default\/lonely".*waypoint/);
    await running.untilLog(/marking server ready/);
    assert.equal((await running.stop()).code, 0);
  },
);

function policy(spec: string): string {
  return "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n" +
    `metadata: {name: odd, namespace: default}\nspec:\n${spec}`;
}

const NAMESPACE = "{apiVersion: v1, kind: Namespace, metadata: {name: a}}";

const LOCAL_XDS = `services:
- {name: web, namespace: a, hostname: web.a, vips: [], ports: {80: 80}, nmae: b}
`;

const SERVICE_OF_NOBODY = `apiVersion: v1
kind: Service
metadata:
  name: lonely
  namespace: default
  labels: {istio.io/use-waypoint: not-there}
spec: {clusterIP: 10.96.0.99, selector: {app: lonely}, ports: [{port: 80}]}
`;

function ownLab(): Lab {
  if (lab === undefined) throw new Error("the lab of this file did not start");
  return lab;
}

async function run(start: Start): Promise<{ code: number; said: string }> {
  const command = await commandOf(start);
  const shell = 'cd "$0" && exec "$@"';
  const { code, stdout, stderr } = await ownLab().exec(
    ownLab().node("node-1"),
    ["sh", "-c", shell, REPOSITORY, ...command],
    { env: start.env ?? {}, timeoutMs: TIMEOUT_MS },
  );
  return { code, said: stdout + stderr };
}

async function commandOf(start: Start): Promise<string[]> {
  const { flags = [], files = {}, through = [] } = start;
  const folder = `${ownLab().folder}/start-${serial++}`;
  await Deno.mkdir(`${folder}/config`, { recursive: true });
  const all = { "namespace.yaml": NAMESPACE, ...files };
  for (const [name, text] of Object.entries(all)) {
    await Deno.writeTextFile(`${folder}/config/${name}`, text);
  }
  const local = `${folder}/local-xds.yaml`;
  await Deno.writeTextFile(local, LOCAL_XDS);
  return [
    ...[...through, Deno.execPath(), "run", "-P", "main.ts"],
    ...["--mode", "node", "--config", `${folder}/config`],
    ...["--ca-dir", ownLab().caFolder, "--workers", "1"],
    ...flags.map((flag) => flag === "LOCAL_XDS_FILE" ? local : flag),
  ];
}

function assertOneLine(said: string, wanted: RegExp): void {
  const lines = said.split("\n").filter((line) => line.startsWith("hairpin: "));
  assert.equal(lines.length, 1, said);
  assert.match(lines[0] ?? "", wanted);
  assert.doesNotMatch(said, /^\s+at |Uncaught/m);
}

/** A program that listens there. */
async function holdPort(node: LabNode, port: number): Promise<LabProcess> {
  const command = ["socat", `TCP-LISTEN:${port},fork`, "-"];
  const holder = ownLab().start(node, `holder-${port}-${serial++}`, command);
  const filter = ["ss", "-Hltn", `sport = :${port}`];
  while ((await ownLab().exec(node, filter)).stdout === "") {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return holder;
}
