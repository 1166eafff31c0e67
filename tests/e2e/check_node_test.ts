/** `hairpin check` of a node: its proxy, and what was asked for wrongly. */
import assert from "node:assert/strict";
import { must } from "../lab/mod.ts";
import { runCheckAt } from "./check_support.ts";
import { eventually, type Mesh, shareMesh } from "./support.ts";

const meshTest = shareMesh();

const ofPod = (mesh: Mesh) =>
  runCheckAt(
    mesh,
    mesh.server,
    "--netns",
    `/var/run/netns/${mesh.httpbin.netns}`,
  );

meshTest("check finds a pod by its name", async (mesh) => {
  const name = "default/httpbin";
  const { stdout } = await runCheckAt(mesh, mesh.server, "--pod", name);
  assert.match(stdout, /^ok +default\/httpbin: listeners: hairpin \(pid/m);
});

meshTest("check of a whole node goes through its pods", async (mesh) => {
  const { stdout } = await runCheckAt(mesh, mesh.server);
  assert.match(stdout, /^ok +default\/httpbin: rules: as planned/m);
  assert.match(stdout, /^ok +default\/echo: rules: as planned/m);
  assert.doesNotMatch(stdout, /default\/sleep: rules/);
});

meshTest("check finds a proxy with too few descriptors", async (mesh) => {
  const pid = /answers \(pid (\d+)\)/.exec((await ofPod(mesh)).stdout)?.[1];
  assert.ok(pid);
  const limit = (soft: string) =>
    must(["prlimit", "--pid", pid, `--nofile=${soft}:`]);
  await limit("1024");
  try {
    const { code, stdout } = await ofPod(mesh);
    assert.equal(code, 1);
    assert.match(stdout, /^failed +node: file descriptors: limit 1024, /m);
  } finally {
    await limit("20000");
  }
});

meshTest("check finds that no proxy runs", async ({ lab }) => {
  const command = [Deno.execPath(), "run", "-P", "main.ts", "check"];
  const repository = new URL("../..", import.meta.url).pathname;
  const { code, stdout } = await lab.exec(lab.outsider, [
    ...["env", "-C", repository, ...command, "--netns", "/dev/null"],
  ]);
  assert.equal(code, 1);
  assert.match(stdout, /^failed +node: admin server: Cannot ask .*hint/m);
  assert.match(stdout, /^failed +\/dev\/null: namespace: .*hint/m);
});

meshTest("check finds that the agent's socket is absent", async ({ lab }) => {
  const node = lab.nodes[0]!;
  const place = lab.outsider;
  assert.ok(node);
  const uds = `${lab.folder}/absent.sock`;
  await using hairpin = await lab.startHairpin({ ...node, ...place }, {
    name: "alone",
    redirect: "agent",
    flags: ["--inpod-uds", uds],
    notReady: true,
  });
  await eventually("an admin server", async () => {
    const { code } = await lab.exec(hairpin.place, [
      ...["curl", "-sf", "http://127.0.0.1:15000/config_dump"],
    ]);
    return code === 0;
  });
  const { code, stdout } = await lab.exec(hairpin.place, [
    ...["env", "-C", new URL("../..", import.meta.url).pathname],
    ...[Deno.execPath(), "run", "-P", "main.ts", "check", "--netns", "/n"],
  ]);
  assert.equal(code, 1);
  assert.match(stdout, /^failed +node: agent socket: no socket at .*hint/m);
});

meshTest("check finds that a pod is not enrolled", async (mesh) => {
  const { code, stdout } = await runCheckAt(mesh, mesh.server, "--pod", "a/b");
  assert.equal(code, 1);
  assert.match(stdout, /^failed +a\/b: namespace: no enrolled pod/m);
});

meshTest("check refuses what it does not know", async (mesh) => {
  const { code, stdout } = await runCheckAt(mesh, mesh.server, "--pod", "a");
  assert.deepEqual([code, stdout], [2, ""]);
});
