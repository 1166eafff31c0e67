/** What the pages say of a machine without Kubernetes, typed from its first command to its last. */
import assert from "node:assert/strict";
import { hasProgram, run } from "../lab/command.ts";
import { labSkipReason } from "../lab/mod.ts";
import { commandsOf, objectsOf } from "../support/doc_commands.ts";
import { scripts } from "../support/markdown.ts";
import { makeHairpinCommand, REPOSITORY_PATH } from "./docs_support.ts";

const skip = await labSkipReason() ??
  (await hasProgram("python3") ? undefined : "the page's server is python3");
if (skip !== undefined) {
  console.log(`the walks on one machine are skipped: ${skip}`);
}

const read = (path: string) => Deno.readTextFile(`${REPOSITORY_PATH}/${path}`);
const machinesPage = () => read(".github/docs/machines.md");

/** A machine of its own: nothing of a walk is seen outside, or outlives it. */
const MACHINE = [
  ...["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child"],
];
const PREPARE = `
set -em
mount -t proc proc /proc
mount -t tmpfs netns /run/netns
ip link set lo up
cd "$1"
`;
/** A cold start on a machine that is busy, and what is waited for on the way. */
const WALK_TIMEOUT_MS = 180_000;

/** Types commands in a machine and a folder of their own. @returns what they print. */
async function walk(commands: string): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "hairpin-walk-" });
  try {
    const PATH = await makeHairpinCommand(`${folder}/bin`);
    const shell = ["bash", "-c", PREPARE + commands, "bash", folder];
    const { code, stdout, stderr } = await run([...MACHINE, ...shell], {
      env: { PATH },
      timeoutMs: WALK_TIMEOUT_MS,
    });
    const log = await Deno.readTextFile(`${folder}/hairpin.log`)
      .catch(() => "no log");
    assert.equal(code, 0, `${stdout}\n${stderr}\n${log}`);
    return stdout;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  name: "machines.md: from nothing to a policy that holds, and away again",
  ignore: skip !== undefined,
  fn: async () => {
    const stdout = await walk(scripts(await machinesPage()).join(""));
    assert.match(stdout, /hairpin\.log<\/a>/);
    const [allowed, denied] = stdout.split("\n")
      .filter((line) => line.includes("connection complete"));
    assert.match(allowed!, /src\.identity="[^"]*\/sa\/sleep"/);
    assert.match(allowed!, /dst\.identity="[^"]*\/sa\/httpbin"/);
    assert.ok(denied !== undefined);
    assert.match(stdout, /explicitly denied by: default\/not-sleep"/);
    assert.match(stdout, /^verdict +deny/m);
  },
});

const WAYPOINT_POD = `
ip netns add waypoint
ip link add waypoint type veth peer name eth0 netns waypoint
ip link set waypoint master mesh0 up
ip -n waypoint address add 10.0.1.9/24 dev eth0
ip -n waypoint link set eth0 up
ip -n waypoint link set lo up
`;
const READY = "curl -sf 127.0.0.1:15021/healthz/ready";
const STATUS = "ip netns exec sleep curl -s -o /dev/null -w '%{http_code}'";

Deno.test({
  name: "README.md: a mesh of your own, and the waypoint in front of it",
  ignore: skip !== undefined,
  fn: async () => {
    const machines = await machinesPage();
    const readme = await read("README.md");
    const called = (page: string, mode: string) =>
      commandsOf(page).find((command) =>
        command.startsWith(`hairpin --mode ${mode} `) &&
        command.endsWith("--config ./manifests --ca-dir ./ca")
      );
    const objects = objectsOf(readme);
    assert.equal(objects.length, 2);
    const [pods = ""] = scripts(machines);
    const stdout = await walk([
      pods + WAYPOINT_POD,
      "mkdir manifests",
      ...objects.map((text, at) =>
        `cat > manifests/${at}.yaml <<'END'\n${text}END`
      ),
      `${called(readme, "node")} > hairpin.log 2>&1 &`,
      `until ${READY}; do sleep 0.2; done`,
      `ip netns exec waypoint ${
        called(machines, "waypoint")
      } > waypoint.log 2>&1 &`,
      `until ip netns exec waypoint ${READY}; do sleep 0.2; done`,
      `until [ "$(${STATUS} http://10.0.1.5:8000/secret)" = 403 ]; do sleep 0.2; done`,
      `${STATUS} http://10.0.1.5:8000/`,
      `until grep waypoint.bypass hairpin.log; do sleep 0.2; done`,
    ].join("\n"));
    assert.match(stdout, /^200/m);
    assert.match(stdout, /waypoint\.bypass="?hairpin/);
  },
});
