/**
 * The chain of plugins as libcni runs it, which container runtimes have built in:
 * by cnitool, on machines where it is on PATH. No distribution has it:
 *
 *     go install github.com/containernetworking/cni/cnitool@v1.3.0
 */
import assert from "node:assert/strict";
import { makeTestNetns } from "../support/test_netns.ts";
import { Node, rules, sandboxIn, skipReason } from "./cni_support.ts";

interface Outcome {
  readonly code: number;
  /** What it printed on either stream. */
  readonly text: string;
}

/** Runs cnitool for the pod at a path, where the node is. */
async function cnitool(
  node: Node,
  command: string,
  netns: string,
): Promise<Outcome> {
  const { prefix: [program, ...prefix], path } = node.runner;
  const { podName, podNamespace } = sandboxIn(netns);
  const { code, stdout, stderr } = await new Deno.Command(program!, {
    args: [...prefix, "cnitool", command, node.list.name, netns],
    env: {
      NETCONFPATH: `${node.folder}/net.d`,
      CNI_PATH: path.join(":"),
      CNI_ARGS: "IgnoreUnknown=1;" +
        `K8S_POD_NAMESPACE=${podNamespace};K8S_POD_NAME=${podName}`,
    },
  }).output();
  const decoder = new TextDecoder();
  return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
}

const isThere = await new Deno.Command("sh", {
  args: ["-c", "command -v cnitool"],
  stdout: "null",
}).output().then(({ success }) => success);

if (!isThere || skipReason() !== undefined) {
  console.log("the chain by libcni is not tested: cnitool is not on PATH");
} else {
  Deno.test("libcni adds, checks and deletes a captured pod", async () => {
    await using host = await makeTestNetns();
    await using pod = await makeTestNetns();
    await using node = await Node.make(host.name);
    await Deno.writeTextFile(
      `${node.folder}/net.d/10-lab.conflist`,
      JSON.stringify(node.list),
    );
    const early = await cnitool(node, "add", pod.path);
    assert.notEqual(early.code, 0);
    assert.match(early.text, /hairpin-cni/);
    assert.doesNotMatch(await rules(pod.sh), /ISTIO/);
    assert.equal((await cnitool(node, "del", pod.path)).code, 0);

    await node.start();
    const added = await cnitool(node, "add", pod.path);
    assert.equal(added.code, 0, added.text);
    assert.match(await rules(pod.sh), /ISTIO_OUTPUT[^]*:15008\b/);
    const whole = await cnitool(node, "check", pod.path);
    assert.equal(whole.code, 0, whole.text);
    await pod.sh("iptables -t nat -F ISTIO_OUTPUT");
    const broken = await cnitool(node, "check", pod.path);
    assert.notEqual(broken.code, 0);
    const deleted = await cnitool(node, "del", pod.path);
    assert.equal(deleted.code, 0, deleted.text);
    assert.doesNotMatch(await rules(pod.sh), /ISTIO|:15008/);
  });
}
