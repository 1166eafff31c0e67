/** `hairpin check` where Istio's node agent hands pods over. */
import assert from "node:assert/strict";
import { shareAgentMesh } from "./agent_support.ts";
import type { Finding } from "../../src/modes/check/finding.ts";
import {
  assertFinds,
  checkNode,
  checkPod,
  type Expected,
  runCheckAt,
} from "./check_support.ts";
import { eventually } from "./support.ts";

const meshTest = shareAgentMesh(1);

/** What answers a kubelet, or a Prometheus, in the agent's place. */
const answering = (port: number, status: number, body = "") =>
  `Deno.serve({ port: ${port}, hostname: "127.0.0.1", ` +
  `onListen: () => console.log("listening") }, ` +
  `() => new Response(${JSON.stringify(body)}, { status: ${status} }));`;
const NOT_READY = answering(8000, 503);
const NO_PROXY = answering(15014, 200, "ztunnel_connected 0\n");

meshTest(
  "check has nothing to say of a pod from the agent, until the agent is gone",
  async (mesh) => {
    const pod = await mesh.addPod("web", "node-1");
    const proxy = mesh.proxy("node-1");
    const { code, findings } = await checkPod(mesh, proxy, pod);
    assertFinds(findings, {});
    assert.equal(code, 0);
    const found = (check: string) =>
      findings.find((one) => one.check === check)?.found;
    assert.equal(found("node agent"), "ready");
    assert.match(found("agent in the log") ?? "", /^all pods named at 20/);
    assert.match(found("rules") ?? "", /^as planned, by /);

    const byApi = ["--kube", mesh.plane.kubeconfig];
    const all = await checkNode(mesh, proxy, ...byApi);
    assertFinds(all, {});
    const told = (check: string) =>
      all.find((one) => one.check === check)?.found;
    assert.equal(told("labels and annotations"), "1 pods, all as wanted");
    assert.match(told("containers") ?? "", /of 1 pods, all ready/);

    const asked = async (at: string) => {
      const args = ["--json", "--netns", "/dev/null", "--agent", at];
      const { stdout } = await runCheckAt(mesh, proxy, ...args);
      return (JSON.parse(stdout) as Finding[])
        .find(({ check }) => check === "node agent");
    };
    assert.equal((await asked("127.0.0.1:8000"))?.found, "ready");
    const nobody = await asked("127.0.0.1:9");
    assert.equal(nobody?.level, "failed");
    assert.match(nobody?.found ?? "", /127\.0\.0\.1:9/);

    const log = proxy.process.log();
    const path = await Deno.makeTempFile({ dir: mesh.lab.folder });
    const handshakes: readonly [log: string, found: RegExp][] = [
      [
        log.replaceAll(/^.*received snapshot sent.*\n/gm, ""),
        /^connected at \S+, and no pods named since$/,
      ],
      [
        log.replaceAll(/^.*(?:snapshot sent|handling new stream).*\n/gm, ""),
        /^no connection since the start$/,
      ],
    ];
    for (const [text, found] of handshakes) {
      assert.notEqual(text, log);
      await Deno.writeTextFile(path, text);
      const broken = await checkNode(mesh, proxy, "--log", path);
      assertFinds(broken, { "agent in the log": ["failed", found] });
    }

    const { agent, node } = mesh.at("node-1");
    await agent.stop();
    await eventually("not ready", async () => !await proxy.isReady());
    const gone: Expected = {
      "agent socket": ["failed", /^no socket at /],
      readiness: ["failed", /workload proxy manager/],
      "agent in the log": [
        "failed",
        /failed to connect to|process stream ended/,
      ],
    };
    assertFinds((await checkPod(mesh, proxy, pod)).findings, gone);

    const program = [Deno.execPath(), "eval", NOT_READY];
    const stub = mesh.lab.start(node, "not-ready", program);
    await stub.untilLog(/listening/);
    assertFinds((await checkPod(mesh, proxy, pod)).findings, {
      ...gone,
      "node agent": ["failed", /^not ready: 503$/],
    });
    const counts = [Deno.execPath(), "eval", NO_PROXY];
    await mesh.lab.start(node, "no-proxy", counts).untilLog(/listening/);
    assertFinds((await checkPod(mesh, proxy, pod)).findings, {
      ...gone,
      "node agent": ["failed", /^not ready: 503$/],
      "agent's metrics": ["failed", /^no proxy is connected to it$/],
    });
  },
);
