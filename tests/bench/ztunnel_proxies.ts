import { closeFd } from "../../src/sys/libc.ts";
import { openNetns } from "../../src/sys/netns.ts";
import { runRedirect } from "../../src/redirect/mod.ts";
import { Seqpacket, SeqpacketListener } from "../../src/sys/seqpacket.ts";
import {
  decodeAck,
  encodeRequest,
  PACKET_MAX_OCTETS,
  type ZdsRequest,
} from "../../src/wire/inpod/mod.ts";
import { LabError, type LabPod } from "../lab/mod.ts";
import { netnsPath } from "../lab/command.ts";
import { type Handover, startZtunnel } from "../lab/ztunnel.ts";
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

async function redirect(pod: LabPod): Promise<void> {
  const request = { action: "apply", dryRun: false, ipv6: true } as const;
  const report = await runRedirect({ ...request, netns: netnsPath(pod.netns) });
  if (report.exitCode !== 0) {
    throw new LabError(
      `Cannot redirect "${pod.name}": ${report.lines.join("; ")}`,
    );
  }
}

/** The agent's side of ZDS for pods that never change: a snapshot, and then silence. */
export const handover: Handover = (socketPath, pods) => {
  const listener = new SeqpacketListener(socketPath);
  const served = listener.accept().then((proxy) =>
    proxy && sendSnapshot(proxy, pods)
  );
  served.catch((reason) =>
    console.error(`handing over on ${socketPath}: ${reason}`)
  );
  const end = async () => {
    listener.close();
    (await served)?.close();
  };
  return Promise.resolve({ [Symbol.asyncDispose]: end });
};

async function sendSnapshot(
  proxy: Seqpacket,
  pods: readonly LabPod[],
): Promise<Seqpacket> {
  await proxy.receive(PACKET_MAX_OCTETS); // its hello
  for (const pod of pods) {
    const netns = openNetns(netnsPath(pod.netns));
    try {
      await ask(proxy, { kind: "add", uid: pod.uid, pod }, [netns]);
    } finally {
      closeFd(netns);
    }
  }
  await ask(proxy, { kind: "snapshotSent" }, []);
  return proxy;
}

async function ask(
  proxy: Seqpacket,
  request: ZdsRequest,
  fds: Parameters<Seqpacket["send"]>[1],
): Promise<void> {
  await proxy.send(encodeRequest(request), fds);
  const packet = await proxy.receive(PACKET_MAX_OCTETS);
  const error = packet === undefined ? "it hung up" : decodeAck(packet.octets);
  if (error) throw new LabError(`Cannot hand over (${request.kind}): ${error}`);
}
