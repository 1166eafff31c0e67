import { enrolPods } from "./enrol_pods.ts";
import { type ProcessOptions, runProcess } from "./mesh_process.ts";

/**
 * Node mode, a ztunnel: serves the pods of one node.
 *
 * @throws {HairpinError} when it cannot start, or its agent breaks protocol.
 */
export const runNode = (options: ProcessOptions): Promise<void> =>
  runProcess(options, enrolPods);
