import type { Fd } from "../../src/sys/libc.ts";
import type { ToWorker, WorkerSettings } from "../../src/worker/messages.ts";
import type { WorkerSnapshot } from "../../src/worker/messages.ts";
import { PROXY_SETTINGS } from "../support/proxy_context.ts";

export const SCRIPTED = new URL("./scripted_worker.ts", import.meta.url);

export const SETTINGS: WorkerSettings = {
  role: "node",
  name: "worker-0",
  nodeName: "node-1",
  proxy: PROXY_SETTINGS,
  pool: { streamsPerConnectionMax: 100, unusedReleaseMs: 60_000 },
  kernelLane: "nothing",
  ipv6: true,
  reusePort: true,
  transparent: "off",
  dns: undefined,
  log: { filter: "error", format: "plain" },
};

/** Short enough to wait for, long enough for a busy machine. */
export const LIMITS = {
  loadMs: 30_000,
  answerMs: 2_000,
  pingIntervalMs: 50,
  pingTimeoutMs: 2_000,
};

export const NO_FD = -1 as Fd;

export const podOf = (uid: string) => ({
  uid,
  name: uid,
  namespace: "ns1",
  serviceAccount: uid,
});

/** What a scripted worker was told, in order. */
export const toldOf = ({ connections }: WorkerSnapshot): ToWorker[] =>
  connections.map(({ uid }) => JSON.parse(uid));

export async function until(condition: () => boolean): Promise<void> {
  const limitMs = Date.now() + 30_000;
  while (!condition()) {
    if (Date.now() > limitMs) throw new Error("never came");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
