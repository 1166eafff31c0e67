/** A node that captures pods as the container runtime's chain of plugins makes them. */
import assert from "node:assert/strict";
import { addAll, CniRunError, delAll } from "../lab/cni/runner.ts";
import { makeTestNetns, makeUserTestNetns } from "../support/test_netns.ts";
import { echoServer, openConnection } from "../support/open_connection.ts";
import { MESH, Node, rules, sandboxIn, skipReason } from "./cni_support.ts";
import { eventually } from "./support.ts";

const skip = skipReason();
if (skip !== undefined) {
  console.log(`tests of the chained CNI plugin are skipped: ${skip}`);
}
const chainTest = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name, ignore: skip !== undefined, fn });

chainTest(
  "a pod of the mesh starts captured, and is let go of when it ends",
  async () => {
    await using host = await makeTestNetns();
    await using pod = await makeTestNetns();
    await using node = await Node.make(host.name);
    const sandbox = sandboxIn(pod.path);
    const early = await addAll(node.list, sandbox, node.runner).catch((e) => e);
    assert.ok(early instanceof CniRunError);
    assert.equal(early.plugin, "hairpin-cni");
    assert.equal(early.reply.json?.code, 11);
    assert.doesNotMatch(await rules(pod.sh), /ISTIO/);
    await delAll(node.list, sandbox, node.runner, undefined);

    await node.start();
    const result = await addAll(node.list, sandbox, node.runner);
    assert.match(JSON.stringify(result), /"10\.88\.0\.\d+\/24"/);
    const captured = await rules(pod.sh);
    assert.match(captured, /-A ISTIO_OUTPUT .*--to-ports 15001/);
    for (const port of [15_001, 15_006, 15_008]) {
      assert.match(captured, new RegExp(`:${port}\\b`));
    }
    await delAll(node.list, sandbox, node.runner, result);
    assert.doesNotMatch(await rules(pod.sh), /ISTIO|:15008/);
  },
);

chainTest(
  "a pod with users of its own starts captured and served, as any other",
  async () => {
    await using host = await makeTestNetns();
    await using pod = await makeUserTestNetns();
    await using node = await Node.make(host.name);
    await node.start();
    const sandbox = sandboxIn(pod.path);
    const result = await addAll(node.list, sandbox, node.runner);
    assert.match(await rules(pod.sh), /ISTIO_OUTPUT[^]*:15008\b/);
    // Through the proxy, whose sockets are in the pod's network.
    await using _server = await echoServer(host);
    const [address] = /10\.88\.0\.\d+/.exec(JSON.stringify(result)) ?? [];
    const status = `status: { podIPs: [{ ip: ${address} }] }\n`;
    const mesh = `${node.folder}/mesh.yaml`;
    await Deno.writeTextFile(mesh, MESH("ambient") + status);
    await eventually("the pod's address known", async () => {
      await using client = await openConnection(pod, "10.88.0.1");
      return await client.ask() === "echo";
    }, 30_000);
    await delAll(node.list, sandbox, node.runner, result);
    assert.doesNotMatch(await rules(pod.sh), /ISTIO|:15008/);
  },
);

chainTest("a pod outside of the mesh starts as it is", async () => {
  await using host = await makeTestNetns();
  await using pod = await makeTestNetns();
  await using node = await Node.make(host.name, "none");
  await node.start();
  const sandbox = sandboxIn(pod.path);
  const result = await addAll(node.list, sandbox, node.runner);
  assert.match(JSON.stringify(result), /"10\.88\.0\.\d+\/24"/);
  assert.doesNotMatch(await rules(pod.sh), /ISTIO|:15008/);
  await delAll(node.list, sandbox, node.runner, result);
});

chainTest(
  "a node installs the plugin that captures, and takes it out at its end",
  async () => {
    await using host = await makeTestNetns();
    await using pod = await makeTestNetns();
    await using node = await Node.make(host.name);
    const { folder } = node;
    await Deno.remove(`${folder}/bin/hairpin-cni`);
    const file = `${folder}/net.d/10-lab.conflist`;
    const read = async () => JSON.parse(await Deno.readTextFile(file));
    const foreign = { ...node.list, plugins: node.list.plugins.slice(0, 1) };
    await Deno.writeTextFile(file, JSON.stringify(foreign));
    await node.start(
      `--cni-net-dir=${folder}/net.d`,
      `--cni-bin-dir=${folder}/bin`,
      "--cni-at-end=remove",
    );
    await eventually(
      "the plugin installed",
      async () => (await read()).plugins.length === 2,
    );
    const sandbox = sandboxIn(pod.path);
    const list = await read();
    const result = await addAll(list, sandbox, node.runner);
    assert.match(await rules(pod.sh), /ISTIO_OUTPUT[^]*:15008\b/);
    await delAll(list, sandbox, node.runner, result);
    await node.stop();
    assert.deepEqual(await read(), foreign);
  },
);

chainTest(
  "a pod of the mesh waits for hairpin where a network of its own comes first, whoever wrote the primary anew",
  async () => {
    await using host = await makeTestNetns();
    await using pod = await makeTestNetns();
    await using node = await Node.make(host.name);
    const { folder } = node;
    await Deno.remove(`${folder}/bin/hairpin-cni`);
    const primary = { ...node.list, plugins: node.list.plugins.slice(0, 1) };
    const writePrimary = () =>
      Deno.writeTextFile(
        `${folder}/net.d/10-lab.conflist`,
        JSON.stringify(primary),
      );
    /** What a runtime takes: the first file. */
    const network = async () => {
      const files = await Array.fromAsync(Deno.readDir(`${folder}/net.d`));
      const [first] = files.map(({ name }) => name).sort();
      return JSON.parse(await Deno.readTextFile(`${folder}/net.d/${first}`));
    };
    const flags = [
      `--cni-net-dir=${folder}/net.d`,
      `--cni-bin-dir=${folder}/bin`,
      "--cni-own-conf=02-hairpin.conflist",
    ];
    await writePrimary();
    await node.start(...flags);
    await eventually(
      "the plugin installed",
      async () => (await network()).plugins.length === 2,
    );
    await node.stop();
    await writePrimary();

    const sandbox = sandboxIn(pod.path);
    const early = await addAll(await network(), sandbox, node.runner)
      .catch((e) => e);
    assert.ok(early instanceof CniRunError);
    assert.equal(early.plugin, "hairpin-cni");
    assert.equal(early.reply.json?.code, 11);
    await delAll(await network(), sandbox, node.runner, undefined);
    await node.start(...flags, "--cni-at-end=remove");
    const list = await network();
    const result = await addAll(list, sandbox, node.runner);
    assert.match(await rules(pod.sh), /ISTIO_OUTPUT[^]*:15008\b/);
    await delAll(list, sandbox, node.runner, result);
    await node.stop();
    assert.deepEqual(await network(), primary);
  },
);
