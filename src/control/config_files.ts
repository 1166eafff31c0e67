/** Manifests in files, followed as they change. */
import { createHash } from "node:crypto";
import { ConfigError, messageOf } from "../base/errors.ts";
import type { KubeObject } from "../kube/mod.ts";
import { isEqual } from "../model/diff.ts";
import { RELOAD_DEBOUNCE_MS, RELOAD_POLL_MS } from "./config_limits.ts";
import { readObjects } from "./config_objects.ts";
import { readConfigTexts } from "./read_files.ts";
import { PathWatch, type WatchTimes } from "./watch_paths.ts";

export interface ConfigFilesOptions extends Partial<WatchTimes> {
  /** All objects that there are now; called first before {@link followConfigFiles} returns. */
  onUpdate(objects: readonly KubeObject[]): void;
  /** What is wrong with the files now; empty when they are good again. The last good objects stay in force. */
  onError(errors: readonly ConfigError[]): void;
  /** A kind that is not hairpin's business, named once. */
  onUnknownKind(name: string): void;
  /** Ends the following. */
  readonly signal: AbortSignal;
}

export interface ConfigFiles {
  /** Settles when the signal has ended the following. */
  readonly done: Promise<void>;
}

/**
 * Reads files and folders of YAML, and again whenever they change. All of it
 * is used or none.
 *
 * @throws {ConfigError} on the first error of the first reading.
 */
export async function followConfigFiles(
  paths: readonly string[],
  options: ConfigFilesOptions,
): Promise<ConfigFiles> {
  // Before the first reading, so that no change falls between.
  const watch = new PathWatch(paths);
  const reader = new ConfigReader(paths, options);
  try {
    const [first] = await reader.read();
    if (first !== undefined) throw first;
  } catch (reason) {
    watch[Symbol.dispose]();
    throw reason;
  }
  return { done: follow(watch, reader, options) };
}

async function follow(
  watch: PathWatch,
  reader: ConfigReader,
  options: ConfigFilesOptions,
): Promise<void> {
  using _owned = watch;
  const times = {
    debounceMs: options.debounceMs ?? RELOAD_DEBOUNCE_MS,
    pollMs: options.pollMs ?? RELOAD_POLL_MS,
  };
  for (;;) {
    await watch.changed(times, options.signal);
    if (options.signal.aborted) return;
    reader.report(await reader.read());
  }
}

/** Remembers what was read, so that only news is told. */
class ConfigReader {
  readonly #paths: readonly string[];
  readonly #options: ConfigFilesOptions;
  readonly #namedKinds = new Set<string>();
  /** Of the texts that were read last. */
  #digest: string | undefined;
  #objects: readonly KubeObject[] | undefined;
  #errors: readonly ConfigError[] = [];
  #told: readonly string[] = [];

  constructor(paths: readonly string[], options: ConfigFilesOptions) {
    this.#paths = paths;
    this.#options = options;
  }

  /** Reads all; hands new objects on. @returns What is wrong. */
  async read(): Promise<readonly ConfigError[]> {
    let texts: ReadonlyMap<string, string>;
    try {
      texts = await readConfigTexts(this.#paths);
    } catch (reason) {
      this.#digest = undefined;
      return [
        reason instanceof ConfigError
          ? reason
          : new ConfigError(`Cannot read configuration: ${messageOf(reason)}`),
      ];
    }
    const digest = digestOf(texts);
    if (digest !== this.#digest) this.#use(texts);
    this.#digest = digest;
    return this.#errors;
  }

  /** Tells of errors when they are others than before. */
  report(errors: readonly ConfigError[]): void {
    const lines = errors.map(({ message }) => message);
    if (isEqual(lines, this.#told)) return;
    this.#told = lines;
    this.#options.onError(errors);
  }

  #use(texts: ReadonlyMap<string, string>): void {
    const content = readObjects(texts);
    this.#errors = content.errors;
    for (const name of content.unknownKinds) this.#nameOnce(name);
    if (content.errors.length > 0) return;
    if (isEqual(this.#objects, content.objects)) return;
    this.#objects = content.objects;
    this.#options.onUpdate(content.objects);
  }

  #nameOnce(name: string): void {
    if (this.#namedKinds.has(name)) return;
    this.#namedKinds.add(name);
    this.#options.onUnknownKind(name);
  }
}

/** Tells other names or texts: the texts themselves are too large to be kept for that. */
function digestOf(texts: ReadonlyMap<string, string>): string {
  const hash = createHash("sha256");
  for (const [file, text] of texts) {
    hash.update(`${file.length} ${text.length} ${file}`).update(text);
  }
  return hash.digest("base64");
}
