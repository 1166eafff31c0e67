/** The chained CNI plugin and the node process's side of it. */
export { type PluginOutcome, runPlugin } from "./plugin.ts";
export { askSocket } from "./ask_socket.ts";
export { readBounded } from "./read_bounded.ts";
export { type PodGate, serveNode } from "./node_server.ts";
export { CaptureGate, type CaptureGateOptions } from "./capture_gate.ts";
export { Chain, type ChainOptions } from "./chain.ts";
export { pluginProgram } from "./program.ts";
