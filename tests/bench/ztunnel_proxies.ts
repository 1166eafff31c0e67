import { runRedirect } from "../../src/redirect/mod.ts";
import { netnsPath } from "../lab/command.ts";
import { LabError, type LabPod } from "../lab/mod.ts";
import { type Handover, startZtunnel } from "../lab/ztunnel.ts";
import { type ZdsConnection, ZdsServer } from "../support/zds_server.ts";
import type { StartProxies } from "./subjects.ts";

/** ztunnel at both nodes, its pods redirected and handed over as Istio's node agent would. */
export function ztunnelProxies(program: string, workers: number): StartProxies {
  return async (lab) => {
    for (const pod of lab.pods) await redirect(pod);
    const options = { program, workers, handover };
    return await Promise.all(
      lab.nodes.map((node) => startZtunnel(lab, node, options)),
    );
  };
}

/** Has the pod's connections led to the node's proxy. */
export async function redirect(pod: LabPod): Promise<void> {
  const request = { action: "apply", dryRun: false, ipv6: true } as const;
  const report = await runRedirect({ ...request, netns: netnsPath(pod.netns) });
  if (report.exitCode !== 0) {
    throw new LabError(
      `Cannot redirect "${pod.name}": ${report.lines.join("; ")}`,
    );
  }
}

/** Hands over pods that never change: a snapshot, and then silence until the proxy ends. */
export const handover: Handover = (socketPath, pods) => {
  const server = new ZdsServer(socketPath);
  const served = server.accept().then((proxy) => sendSnapshot(proxy, pods));
  served.catch((reason) => console.error(`${socketPath}: ${reason}`));
  const end = async () => {
    server[Symbol.dispose]();
    const [result] = await Promise.allSettled([served]);
    if (result.status === "fulfilled") result.value[Symbol.dispose]();
  };
  return Promise.resolve({ [Symbol.asyncDispose]: end });
};

async function sendSnapshot(
  proxy: ZdsConnection,
  pods: readonly LabPod[],
): Promise<ZdsConnection> {
  const errors: string[] = [];
  for (const pod of pods) {
    errors.push(await proxy.add(pod.uid, pod, netnsPath(pod.netns)));
  }
  errors.push(await proxy.snapshotSent());
  const said = errors.filter((error) => error !== "").join("; ");
  if (said !== "") throw new LabError(`Cannot hand pods over: ${said}`);
  return proxy;
}
