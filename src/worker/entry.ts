/** The thread of one data worker. */
import { writeLog } from "./write_log.ts";
import { DescriptorLedger, keepLedger } from "../sys/descriptor_ledger.ts";
import { noteOwnNetns } from "../sys/netns.ts";
import { takeShortTurns } from "../sys/thread_turns.ts";
import { DataPlane } from "./data_plane.ts";
import { keepWorkerMemory } from "./memory_keeper.ts";
import type { FromWorker, ToWorker, WorkerSettings } from "./messages.ts";
import { OrderQueue } from "./order_queue.ts";
import { rehearse } from "./rehearsal.ts";
import type { MakePart } from "./worker_part.ts";

const scope = self as unknown as DedicatedWorkerGlobalScope;

let plane: DataPlane | undefined;

// One connection's surprise is not the others' end: it is said, and they go on.
// Before there are any, it is the thread's.
scope.addEventListener("unhandledrejection", (event) => {
  if (plane === undefined) return;
  event.preventDefault();
  plane.report("unhandled rejection", event.reason);
});
scope.addEventListener("error", (event) => {
  if (plane === undefined) return;
  event.preventDefault();
  plane.report("uncaught exception", event.error);
});

let orders: OrderQueue | undefined;
scope.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  if (data.kind === "start") void start(data);
  else orders?.take(data);
};

async function start(
  { settings, descriptors }: Extract<ToWorker, { kind: "start" }>,
): Promise<void> {
  keepLedger(new DescriptorLedger(descriptors));
  noteOwnNetns();
  // Connections wait here; what keeps processors busy beside them does not mind.
  takeShortTurns();
  const makePart = await loadPart(settings.role);
  const tell = (message: FromWorker) => scope.postMessage(message);
  plane = new DataPlane(settings, makePart, tell, writeLog);
  orders = new OrderQueue(plane);
  if (settings.rehearse === true) rehearse();
  tell({ kind: "loaded" });
  keepWorkerMemory();
}

/** A node's workers are many and need nothing of layer 7: its modules take as much memory as all others. */
async function loadPart(role: WorkerSettings["role"]): Promise<MakePart> {
  return role === "node"
    ? (await import("./node_part.ts")).makeNodePart
    : (await import("./waypoint_part.ts")).makeWaypointPart;
}
