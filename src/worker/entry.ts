/** The thread of one data worker. */
import { writeLog } from "./write_log.ts";
import { keepLedger } from "../net/descriptor.ts";
import { DescriptorLedger } from "../sys/descriptor_ledger.ts";
import { DataPlane } from "./data_plane.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

const scope = self as unknown as DedicatedWorkerGlobalScope;

let plane: DataPlane | undefined;

// One connection's surprise is not the others' end: it is said, and they go on.
scope.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  plane?.report("unhandled rejection", event.reason);
});
scope.addEventListener("error", (event) => {
  event.preventDefault();
  plane?.report("uncaught exception", event.error);
});

scope.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  if (data.kind === "start") {
    keepLedger(new DescriptorLedger(data.descriptors));
    const tell = (message: FromWorker) => scope.postMessage(message);
    plane = new DataPlane(data.settings, tell, writeLog);
    tell({ kind: "loaded" });
  } else {
    plane?.handle(data);
  }
};
