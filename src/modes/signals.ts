/** The ways in which the process is asked to end. */
export interface Shutdown {
  readonly signal: AbortSignal;
  /** Begins the drain from inside. */
  quit(): void;
}

/** SIGTERM and SIGINT begin a drain; a second SIGINT ends the process at once. */
export function onShutdownSignal(): Shutdown {
  const controller = new AbortController();
  const quit = () => controller.abort();
  Deno.addSignalListener("SIGTERM", quit);
  Deno.addSignalListener("SIGINT", () => {
    if (controller.signal.aborted) Deno.exit(0);
    quit();
  });
  return { signal: controller.signal, quit };
}
