export { changeMesh } from "./change.ts";
export { type AccessLine, parseAccessLog } from "./access_log.ts";
export {
  type Capture,
  type Flow,
  flowsOf,
  isTls,
  showsText,
  WireCapture,
} from "./capture.ts";
export {
  type CommandResult,
  hasProgram,
  inNamespace,
  LabError,
  must,
  run,
} from "./command.ts";
export type { ConfigDump } from "./config_dump.ts";
export { type HairpinOptions, HairpinProcess } from "./hairpin.ts";
export { Lab } from "./lab.ts";
export { LabProcess } from "./lab_process.ts";
export { parseMetrics, type Sample, sumSamples } from "./metrics.ts";
export {
  type LabNode,
  type LabPod,
  type LabService,
  type Place,
  type PodSpec,
  type ServiceSpec,
  urlHost,
} from "./places.ts";
export { parseRequestLog, type RequestLine } from "./request_log.ts";
export { labSkipReason } from "./requirements.ts";
export {
  greetingOf,
  secretOf,
  sendTcp,
  startEchoServer,
  startHttpServer,
  startIperfServer,
} from "./servers.ts";
export { addWaypoint, WAYPOINT_LABEL } from "./waypoint.ts";
