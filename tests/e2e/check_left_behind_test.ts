/** `hairpin check` of a node that `--redirect node` left, and nobody serves. */
import assert from "node:assert/strict";
import type { Finding } from "../../src/modes/check/finding.ts";
import { assertFinds, checkNode, type Expected } from "./check_support.ts";
import { out, tracesAt } from "./node_redirect_support.ts";
import { eventually, labTest, Mesh } from "./support.ts";

const LEFT: Expected = {
  "node's redirection": ["failed", /^left by --redirect node, .* are closed$/],
};

const hintOf = (findings: readonly Finding[]) =>
  findings.find(({ check }) => check === "node's redirection")?.hint ?? "";

const ROOT = new URL("../..", import.meta.url).pathname;
const REMOVE = `cd ${ROOT} && ${Deno.execPath()} run -P main.ts ` +
  "redirect remove --node";

labTest(
  "check names what --redirect node left, with and without another process",
  async () => {
    await using mesh = await Mesh.start({ redirect: "node" }, {});
    const { lab, client } = mesh;
    const node = lab.node("node-1");
    await client.stop();
    assertFinds(await checkNode(mesh, { place: node }), {
      "admin server": ["failed", /Cannot ask/],
      ...LEFT,
    });

    const others = [["none", []], [
      "agent",
      ["--inpod-uds", `${lab.folder}/absent.sock`],
    ]] as const;
    for (const [redirect, flags] of others) {
      const name = `as-${redirect}`;
      const options = { redirect, name, flags, notReady: redirect === "agent" };
      await using other = await lab.startHairpin(node, options);
      await other.process.untilLog(
        /the node's own redirection was left, and stays.*remove --node/,
      );
      await eventually(
        "an admin server",
        () => other.configDump().then(() => true, () => false),
      );
      const findings = await checkNode(mesh, other);
      assertFinds(findings, {
        ...LEFT,
        ...redirect === "agent" && {
          "agent socket": ["failed", /^no socket at /],
          "agent in the log": ["failed", /failed to connect/],
          "pods and mesh": ["failed", /nobody serves: default\/notsleep; /],
          readiness: ["failed", /workload proxy manager/],
        },
      });
      assert.match(hintOf(findings), /^hairpin redirect remove --node, /);
    }

    assert.match(await out(mesh, node, REMOVE), /of this node removed/);
    assert.equal(await tracesAt(mesh, node), "");
    await using last = await lab.startHairpin(node, {
      ...{ redirect: "none", name: "last" },
    });
    const findings = await checkNode(mesh, last);
    assertFinds(findings, {});
    assert.equal(
      findings.find(({ check }) => check === "node's redirection")?.found,
      "nothing left of --redirect node",
    );
  },
);

labTest(
  "check says why a node's old redirection stays while a pod is not enrolled",
  async () => {
    await using mesh = await Mesh.start({ redirect: "node" }, {});
    const { lab, client } = mesh;
    const node = lab.node("node-1");
    await client.stop();
    const astray = await lab.addPod({
      ...{ name: "astray", node: "node-1" },
      annotations: { "hairpin.dev/netns": "/var/run/netns/no-such-namespace" },
    });
    await using inPods = await lab.startHairpin(node, {
      ...{ redirect: "self", name: "in-pods", notReady: true },
    });
    await inPods.process.untilLog(
      /the node's own redirection stays.*1 pods are not enrolled/,
    );
    const findings = await checkNode(mesh, inPods);
    assertFinds(findings, {
      ...LEFT,
      "pods and mesh": ["failed", /nobody serves: default\/astray$/],
      readiness: ["failed", /workload proxy manager/],
    });
    assert.match(
      hintOf(findings),
      /^it goes by itself once every pod is enrolled: .*remove --node /,
    );

    await lab.removePod(astray);
    await inPods.process.untilLog(/the node's own redirection is removed/);
    await eventually("ready", () => inPods.isReady());
    assertFinds(await checkNode(mesh, inPods), {});
  },
);
