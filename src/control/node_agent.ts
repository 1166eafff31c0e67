import { HairpinError } from "../base/errors.ts";
import type { Logger } from "../telemetry/log.ts";
import type { PodHost } from "./pod_host.ts";

class NoAgentError extends HairpinError {
  readonly code = "AGENT";
}

/** Placeholder of the ZDS client, which lands in its own commit. */
export function followNodeAgent(
  { path }: {
    path: string;
    host: PodHost;
    log: Logger;
    onReadyChange: (ready: boolean) => void;
    signal: AbortSignal;
  },
): Promise<never> {
  return Promise.reject(
    new NoAgentError(`Cannot reach the agent at "${path}"`),
  );
}
