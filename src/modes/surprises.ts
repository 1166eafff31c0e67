import { messageOf } from "../base/errors.ts";
import type { Logger } from "../telemetry/log.ts";

/**
 * From here on an error that nobody caught is said, and ends nothing: the
 * data workers' connections are not to pay for one request of the control
 * thread. The libraries below HTTP/2 and gRPC raise such errors from timers.
 */
export function outliveSurprises(log: Logger): Disposable {
  const onRejection = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    log.error("unhandled rejection", { error: messageOf(event.reason) });
  };
  const onError = (event: ErrorEvent) => {
    event.preventDefault();
    log.error("uncaught exception", { error: messageOf(event.error) });
  };
  globalThis.addEventListener("unhandledrejection", onRejection);
  globalThis.addEventListener("error", onError);
  return {
    [Symbol.dispose]() {
      globalThis.removeEventListener("unhandledrejection", onRejection);
      globalThis.removeEventListener("error", onError);
    },
  };
}
