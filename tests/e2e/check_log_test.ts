/** `hairpin check` of logs: the proxy's own, a kubelet's of it, and of what keeps pods from starting. */
import assert from "node:assert/strict";
import type { Finding } from "../../src/modes/check/finding.ts";
import { assertFinds, type Expected, runCheckFrom } from "./check_support.ts";
import { type Mesh, shareMesh } from "./support.ts";

const meshTest = shareMesh();

/** Findings about the node. */
async function checkNode(
  { lab, server }: Mesh,
  args: readonly string[],
  before: readonly string[] = ["env"],
): Promise<Finding[]> {
  const all = ["--json", "--netns", "/dev/null", ...args];
  const said = await runCheckFrom(lab, server.place, before, all);
  assert.notEqual(said.stdout, "", said.stderr);
  return (JSON.parse(said.stdout) as Finding[])
    .filter(({ subject }) => subject === "node");
}

const foundBy = (findings: readonly Finding[], check: string) =>
  findings.find((one) => one.check === check)?.found;

meshTest("check finds the proxy's log by itself", async (mesh) => {
  const findings = await checkNode(mesh, []);
  assertFinds(findings, {});
  assert.equal(foundBy(findings, "log"), mesh.server.process.logPath);
  assert.equal(foundBy(findings, "pods in the log"), "2 of 2");
  assert.equal(foundBy(findings, "listeners in the log"), "for 2 pods");
});

/** Logs that lack something, or say what they should not. */
const BROKEN: readonly [
  what: string,
  change: (log: string) => string,
  finds: Expected,
][] = [
  ["nothing wrong in a copy", (log) => log, {}],
  [
    "a pod of which the log says nothing, and nothing else",
    (log) => log.replaceAll(/^.*pod received.* name="echo".*\n/gm, ""),
    { "pods in the log": ["failed", /: default\/echo$/] },
  ],
  [
    "a listener that was not opened, and nothing else",
    (log) => log.replace(/^.*component="outbound".*\n/m, ""),
    { "listeners in the log": ["failed", /^outbound: 1 for 2 pods$/] },
  ],
  [
    "nothing wrong in a log of another program",
    () => "all is well\n",
    {},
  ],
  [
    "a runtime that misses the plugin's program, and nothing else",
    () =>
      'time="x" level=error msg="failed to setup network: failed to find plugin \\"hairpin-cni\\" in path [/opt/cni/bin]"\n',
    { "node's log": ["warning", /1 times: .*failed to find plugin/] },
  ],
];
for (const [what, change, finds] of BROKEN) {
  meshTest(`check finds ${what}, in a log that is named`, async (mesh) => {
    const path = await Deno.makeTempFile({ dir: mesh.lab.folder });
    await Deno.writeTextFile(path, change(mesh.server.process.log()));
    assertFinds(await checkNode(mesh, ["--log", path]), finds);
  });
}

meshTest("check finds that a log cannot be read", async (mesh) => {
  for (const path of [`${mesh.lab.folder}/none`, mesh.lab.folder]) {
    assertFinds(await checkNode(mesh, ["--log", path]), {
      log: ["failed", new RegExp(`^cannot be read: ${path}$`)],
    });
  }
});

const UID = "4bfe5fa7-975c-4a63-b91f-4ea35b47a289";

meshTest(
  "check finds the proxy's log where a kubelet keeps it",
  async (mesh) => {
    const pid = /answers \(pid (\d+)\)/.exec(
      foundBy(await checkNode(mesh, []), "admin server") ?? "",
    )?.[1];
    assert.ok(pid);
    const folder = await Deno.makeTempDir({ dir: mesh.lab.folder });
    const container = `${folder}/pods/istio-system_hairpin-x_${UID}/hairpin`;
    await Deno.mkdir(container, { recursive: true });
    const wrapped = mesh.server.process.log().trimEnd().split("\n")
      .map((line) => `2026-01-01T00:00:00.123456789Z stdout F ${line}\n`);
    await Deno.writeTextFile(`${container}/0.log`, wrapped.join(""));
    const cgroup = `0::/kubepods/pod${UID}/${"a".repeat(64)}\n`;
    await Deno.writeTextFile(`${folder}/cgroup`, cgroup);
    const mount = `mount --bind $0/cgroup /proc/${pid}/cgroup && ` +
      `mount -t tmpfs none /var/log && mkdir /var/log/pods && ` +
      `mount --bind $0/pods /var/log/pods && exec "$@"`;
    const findings = await checkNode(mesh, [], [
      ...["unshare", "--mount", "sh", "-c", mount, folder],
    ]);
    assertFinds(findings, {});
    assert.equal(
      foundBy(findings, "log"),
      `/var/log/pods/istio-system_hairpin-x_${UID}/hairpin/0.log`,
    );
    assert.equal(foundBy(findings, "pods in the log"), "2 of 2");
  },
);
