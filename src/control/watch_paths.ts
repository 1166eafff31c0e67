/** Tells when something under given paths may have changed. */
import { RELOAD_DELAY_MAX_MS } from "./config_limits.ts";
import { pause } from "./pause.ts";
import { systemClock } from "./system_clock.ts";

export interface WatchTimes {
  readonly debounceMs: number;
  readonly pollMs: number;
}

/**
 * Watches the folders of paths. Which file an event names is not looked at: a
 * rename over a file, or the swap of a folder that a link points to, names
 * others than the one that now reads differently.
 */
export class PathWatch implements Disposable {
  readonly #paths: readonly string[];
  #watcher: Deno.FsWatcher | undefined;

  constructor(paths: readonly string[]) {
    this.#paths = paths;
    this.#watcher = watchFolders(paths);
  }

  /**
   * Waits for a change and for quiet after it, or for the poll time; on return
   * the next change is watched for already, so that none is lost between.
   */
  async changed(times: WatchTimes, signal: AbortSignal): Promise<void> {
    const events = this.#watcher?.[Symbol.asyncIterator]();
    if (await nextEvent(events, times.pollMs, signal)) {
      const deadline = performance.now() + RELOAD_DELAY_MAX_MS;
      while (
        performance.now() < deadline &&
        await nextEvent(events, times.debounceMs, signal)
      );
    }
    this[Symbol.dispose]();
    // A new watcher: a folder that was replaced has left the old one blind.
    if (!signal.aborted) this.#watcher = watchFolders(this.#paths);
  }

  [Symbol.dispose](): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }
}

/** @returns undefined where the kernel has no watches left: then polling has to do. */
function watchFolders(paths: readonly string[]): Deno.FsWatcher | undefined {
  const folders = new Set(paths.flatMap(foldersOf));
  try {
    return Deno.watchFs([...folders], { recursive: false });
  } catch {
    return undefined;
  }
}

/** A folder itself; for a file the folder it is in, and the one it really is in. */
function foldersOf(path: string): string[] {
  try {
    if (Deno.statSync(path).isDirectory) return [path];
    return [parentOf(path), parentOf(Deno.realPathSync(path))];
  } catch {
    const parent = parentOf(path);
    return isFolder(parent) ? [parent] : [];
  }
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

const parentOf = (path: string): string =>
  path.replace(/\/+$/, "").match(/^(.*)\/[^/]*$/)?.[1] || (
    path.startsWith("/") ? "/" : "."
  );

/** Whether an event came within the time. */
async function nextEvent(
  events: AsyncIterator<Deno.FsEvent> | undefined,
  timeMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  if (signal.aborted) return false;
  const done = new AbortController();
  const over = AbortSignal.any([signal, done.signal]);
  try {
    return await Promise.race([
      pause(systemClock, timeMs, over).then(() => false),
      ...events === undefined ? [] : [event(events)],
    ]);
  } finally {
    done.abort();
  }
}

async function event(events: AsyncIterator<Deno.FsEvent>): Promise<boolean> {
  for (;;) {
    const { value, done } = await events.next();
    if (done) return false;
    if (value.kind !== "access") return true;
  }
}
