/**
 * A data worker that does what the pod's uid and its own name say, and tells in
 * its snapshot what it was told. Loaded as a thread by the tests beside it.
 */
import type { FromWorker, ToWorker } from "../../src/worker/messages.ts";

const scope = self as unknown as DedicatedWorkerGlobalScope;
const told: ToWorker[] = [];
let silent = false;

const tell = (message: FromWorker) => scope.postMessage(message);

scope.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  if (silent) return;
  if (data.kind !== "ping") told.push(data);
  switch (data.kind) {
    case "start":
      return tell({ kind: "loaded" });
    case "mesh":
      return tell({ kind: "mesh-taken" });
    case "ping":
      return tell({ kind: "pong", id: data.id });
    case "serve":
      return serve(data.pod.uid);
    case "stop":
      // One that takes its time, so that others overtake it.
      if (data.uid.startsWith("slow")) {
        setTimeout(() => tell({ kind: "stopped", uid: data.uid }), 30);
      } else if (!data.uid.startsWith("stays")) {
        tell({ kind: "stopped", uid: data.uid });
      }
      return;
    case "drain":
      return tell({ kind: "drained" });
    case "snapshot":
      return tell({
        kind: "snapshot",
        id: data.id,
        snapshot: {
          metrics: [],
          connections: told.map((message) => ({
            uid: JSON.stringify(message),
            rows: [],
          })),
        },
      });
  }
};

function serve(uid: string): void {
  if (uid.startsWith("fails")) {
    tell({ kind: "serve-failed", uid, why: "port taken" });
  } else if (uid === "crashes" || uid === `crashes ${scope.name}`) {
    throw new Error("a bug");
  } else if (uid.startsWith("hangs")) {
    silent = true;
  } else {
    tell({ kind: "serving", uid, listening: [] });
  }
}
