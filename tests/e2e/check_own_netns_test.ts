/** hairpin, and its check, in a network namespace that is a pod's and not the node's. */
import assert from "node:assert/strict";
import { netnsPath } from "../lab/command.ts";
import { Lab, type LabNode, startHttpServer } from "../lab/mod.ts";
import { checkPod } from "./check_support.ts";
import { eventually, HTTP_PORT, labTest } from "./support.ts";

/** A proc file system that shows whose network the node's first process has. */
async function hostProc(lab: Lab, netns: string): Promise<string> {
  const folder = await Deno.makeTempDir({ dir: lab.folder });
  await Deno.mkdir(`${folder}/1/ns`, { recursive: true });
  await Deno.symlink(netnsPath(netns), `${folder}/1/ns/net`);
  return folder;
}

for (const redirect of ["self", "node"] as const) {
  labTest(
    `--redirect ${redirect} starts in the node's network namespace, and in no other`,
    async () => {
      await using lab = await Lab.create();
      await lab.addNamespace("default");
      const node = lab.node("node-1");
      const start = async (first: LabNode, name: string, notReady: boolean) => {
        const flags = ["--host-proc", await hostProc(lab, first.netns)];
        return await lab.startHairpin(node, {
          redirect,
          name,
          flags,
          notReady,
        });
      };
      const astray = await start(lab.node("node-2"), "astray", true);
      await astray.process.ended;
      const [line = "", ...more] = astray.process.log().split("\n")
        .filter((line) => line.includes("Cannot redirect this node's pods"));
      assert.deepEqual(more, []);
      assert.match(
        line,
        /network namespace of its own, .*\/1\/ns\/net" \(hint: /,
      );

      await using home = await start(node, "home", false);
      assert.ok(await home.isReady());
    },
  );
}

labTest(
  "check finds that hairpin enrols pods from a pod's network namespace",
  async () => {
    await using lab = await Lab.create();
    const node = lab.node("node-1");
    const web = await lab.addPod({ name: "web", node: "node-1" });
    const own = await lab.addPod({
      ...{ name: "proxy", node: "node-1" },
      labels: { app: "proxy", "istio.io/dataplane-mode": "none" },
    });
    await startHttpServer(lab, web, HTTP_PORT);
    const place = { ...node, netns: own.netns };
    await using hairpin = await lab.startHairpin(place, { name: "in-a-pod" });
    await hairpin.untilPodUp(web);
    const look = async () => {
      const { code, findings } = await checkPod({ lab }, hairpin, web);
      const of = (check: string) => findings.find((one) => one.check === check);
      return { code, of };
    };
    await eventually(
      "its own pod known",
      async () => (await look()).of("network namespace") !== undefined,
    );
    const { code, of } = await look();
    assert.equal(code, 1);
    const network = of("network namespace");
    assert.equal(network?.level, "failed");
    assert.match(
      network?.found ?? "",
      /^hairpin runs in that of default\/proxy: /,
    );
    assert.match(network?.hint ?? "", /hostNetwork: true/);
    assert.equal(of("probe rules"), undefined);
    assert.equal(
      of("probes from the node")?.found,
      "to be tried on the node: this is the namespace of default/proxy",
    );
  },
);
