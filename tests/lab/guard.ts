import { removeRun, type Run } from "./run_folder.ts";

// A lab is removed by its scope. This is for the ways out of a process that
// pass no scope: a signal, Deno.exit(), an error that nobody caught. (SIGKILL
// passes nothing; the next lab's sweep is for that.)
const guarded = new Set<Run>();
const SIGNALS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;
const handlers = new Map<keyof typeof SIGNALS, () => void>();

/** Has the run removed when the process ends early. */
export function guardRun(run: Run): void {
  if (guarded.size === 0) listen();
  guarded.add(run);
}

/** Takes the run out of the guard's care: its owner has removed it. */
export function releaseRun(run: Run): void {
  guarded.delete(run);
  if (guarded.size === 0) unlisten();
}

function removeGuarded(): void {
  for (const run of guarded) removeRun(run);
  guarded.clear();
}

function listen(): void {
  globalThis.addEventListener("unload", removeGuarded);
  for (const signal of Object.keys(SIGNALS) as (keyof typeof SIGNALS)[]) {
    const handler = () => {
      removeGuarded();
      Deno.exit(128 + SIGNALS[signal]);
    };
    handlers.set(signal, handler);
    Deno.addSignalListener(signal, handler);
  }
}

function unlisten(): void {
  globalThis.removeEventListener("unload", removeGuarded);
  for (const [signal, handler] of handlers) {
    Deno.removeSignalListener(signal, handler);
  }
  handlers.clear();
}
