/** Keeps the plugin in the container runtime's chain. */
import { messageOf } from "../../base/errors.ts";
import type { Logger } from "../../telemetry/log.ts";
import {
  type Edit,
  PLUGIN_TYPE,
  withoutPlugin,
  withPlugin,
} from "../../wire/cni/mod.ts";
import { PathWatch } from "../watch_paths.ts";
import { NotAListError } from "./chain_errors.ts";
import { firstConflist, readConf, replaceFile } from "./chain_files.ts";
import { CHAIN_WATCH_TIMES } from "./limits.ts";

export interface ChainOptions {
  /** Folder of networks. */
  readonly netDir: string;
  /** Folder of plugins' programs. */
  readonly binDir: string;
  /** Name of the network's file; default: the first. */
  readonly confName: string | undefined;
  /** The plugin's program. */
  readonly program: string | Uint8Array;
  /** Where the plugin asks. */
  readonly socket: string;
  readonly excludedNamespaces: readonly string[];
  readonly log: Logger;
}

export class Chain {
  readonly #options: ChainOptions;
  #said: string | undefined;

  constructor(options: ChainOptions) {
    this.#options = options;
  }

  /** Puts the plugin in, and puts it back whenever somebody takes it out; until `signal`. */
  async keep(signal: AbortSignal): Promise<void> {
    const { netDir, binDir } = this.#options;
    while (!signal.aborted) {
      using watch = new PathWatch([netDir, binDir]);
      await this.ensure();
      await watch.changed(CHAIN_WATCH_TIMES, signal);
    }
  }

  /** One look; what cannot be done is logged, and done at a later look. */
  async ensure(): Promise<void> {
    const { socket, excludedNamespaces } = this.#options;
    await this.#tryTo("installed", async () => {
      // The program first: a list that names none would stop every pod.
      await this.#putProgram();
      return await this.#change((text) =>
        withPlugin(text, {
          agent_socket: socket,
          exclude_namespaces: excludedNamespaces,
        })
      );
    });
  }

  /** Takes the plugin out of the list, and then its program away. */
  async remove(): Promise<void> {
    await this.#tryTo("removed", async () => {
      const path = await this.#change(withoutPlugin);
      await Deno.remove(this.#programPath).catch(ignoreMissing);
      return path;
    });
  }

  get #programPath(): string {
    return `${this.#options.binDir}/${PLUGIN_TYPE}`;
  }

  async #putProgram(): Promise<void> {
    const { program } = this.#options;
    const size = typeof program === "string"
      ? new TextEncoder().encode(program).length
      : program.length;
    const found = await Deno.stat(this.#programPath).catch(ignoreMissing);
    const isThere = found?.isFile && found.size === size &&
      ((found.mode ?? 0) & 0o111) === 0o111 && this.#said !== undefined;
    if (!isThere) await replaceFile(this.#programPath, program, 0o755);
  }

  /** @returns the file that was changed. */
  async #change(edit: (text: string) => Edit): Promise<string | undefined> {
    const { netDir, confName } = this.#options;
    const path = await firstConflist(netDir, confName);
    if (path === undefined) {
      throw new NotAListError(netDir, "no network is there yet");
    }
    const edited = edit(await readConf(path));
    if (edited.kind === "bad") throw new NotAListError(path, edited.why);
    if (edited.kind === "same") return undefined;
    const { mode } = await Deno.stat(path);
    await replaceFile(path, edited.text, (mode ?? 0o600) & 0o777);
    return path;
  }

  async #tryTo(
    what: string,
    action: () => Promise<string | undefined>,
  ): Promise<void> {
    const { log } = this.#options;
    try {
      const path = await action();
      if (path !== undefined) log.info(`CNI plugin ${what}`, { path });
      this.#said = "";
    } catch (reason) {
      const error = messageOf(reason);
      if (this.#said !== error) log.warn(`CNI plugin not ${what}`, { error });
      this.#said = error;
    }
  }
}

function ignoreMissing(reason: unknown): undefined {
  if (!(reason instanceof Deno.errors.NotFound)) throw reason;
}
