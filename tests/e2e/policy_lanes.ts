/** The same three pods on two nodes, one with the node-local lane and one without. */
import {
  changeMesh,
  type HairpinProcess,
  Lab,
  type LabPod,
  startEchoServer,
  startHttpServer,
} from "../lab/mod.ts";
import { share } from "./share.ts";
import { ECHO_PORT } from "./support.ts";

/** One node and its pods. */
export interface LaneNode {
  readonly lane: "on" | "off";
  readonly proxy: HairpinProcess;
  readonly sleep: LabPod;
  readonly notsleep: LabPod;
  /** nginx and an echo server. */
  readonly httpbin: LabPod;
}

export class Lanes implements AsyncDisposable {
  private constructor(readonly lab: Lab, readonly nodes: readonly LaneNode[]) {}

  static async start(): Promise<Lanes> {
    const lab = await Lab.create();
    try {
      const nodes = [
        await startNode(lab, 1, "on"),
        await startNode(lab, 2, "off"),
      ];
      return new Lanes(lab, nodes);
    } catch (reason) {
      await lab[Symbol.asyncDispose]();
      throw reason;
    }
  }

  /** Runs the body while a manifest is in force on both nodes. */
  async under(manifest: object, body: () => Promise<void>): Promise<void> {
    const proxies = this.nodes.map(({ proxy }) => proxy);
    const change = (what: string, act: () => Promise<void>) =>
      changeMesh(proxies, what, act);
    await change("policy in force", () => this.lab.apply(POLICY, manifest));
    try {
      await body();
    } finally {
      await change("policy withdrawn", () => this.lab.delete(POLICY));
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.lab[Symbol.asyncDispose]();
  }
}

const POLICY = "policy-of-both";

async function startNode(
  lab: Lab,
  number: number,
  lane: LaneNode["lane"],
): Promise<LaneNode> {
  const node = `node-${number}`;
  const pod = (app: string) =>
    lab.addPod({
      name: `${app}-${number}`,
      node,
      serviceAccount: app,
      labels: { app },
    });
  const [sleep, notsleep, httpbin] = [
    await pod("sleep"),
    await pod("notsleep"),
    await pod("httpbin"),
  ];
  await startHttpServer(lab, httpbin);
  await startEchoServer(lab, httpbin, ECHO_PORT);
  const flags = ["--node-local-lane", lane, "--kernel-lane", "on"];
  const proxy = await lab.startHairpin(lab.node(node), { flags });
  for (const each of [sleep, notsleep, httpbin]) await proxy.untilPodUp(each);
  return { lane, proxy, sleep, notsleep, httpbin };
}

/** Starts the nodes for all tests of a file; call it once. */
export const shareLanes = () => share(() => Lanes.start());
