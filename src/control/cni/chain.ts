/** Keeps the plugin in the container runtime's chain. */
import { messageOf } from "../../base/errors.ts";
import type { Logger } from "../../telemetry/log.ts";
import { PLUGIN_TYPE } from "../../wire/cni/mod.ts";
import { PathWatch } from "../watch_paths.ts";
import { removeFile, replaceFile } from "./chain_files.ts";
import {
  CHAIN_WATCH_TIMES,
  CONFLICT_CHANGES_MAX,
  CONFLICT_WITHIN_MS,
} from "./limits.ts";
import { EditedNetwork, type Network, OwnNetwork } from "./networks.ts";

export interface ChainOptions {
  /** Folder of networks. */
  readonly netDir: string;
  /** Folder of plugins' programs. */
  readonly binDir: string;
  /** Name of the network's file; default: the first. */
  readonly confName: string | undefined;
  /** Name of a list of our own, which comes before that file; default: none, that file is changed. */
  readonly ownConf?: string | undefined;
  /** The plugin's program. */
  readonly program: string | Uint8Array;
  /** Where the plugin asks. */
  readonly socket: string;
  readonly excludedNamespaces: readonly string[];
  readonly log: Logger;
  /** Told whenever the plugin came to be installed, or turned out not to be. */
  onInstalled?(installed: boolean): void;
  readonly nowMs?: () => number;
}

export class Chain {
  readonly #options: ChainOptions;
  readonly #network: Network;
  #said: string | undefined;
  #installed: boolean | undefined;
  /** Changes one shortly after the other, and when the last one was. */
  #changes = { count: 0, lastMs: -Infinity };

  constructor(options: ChainOptions) {
    this.#options = options;
    const { ownConf } = options;
    this.#network = ownConf === undefined
      ? new EditedNetwork(options)
      : new OwnNetwork({ ...options, ownConf });
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
    const done = await this.#tryTo("installed", async () => {
      // The program first: a list that names none would stop every pod.
      await this.#putProgram();
      const path = await this.#network.put({
        agent_socket: socket,
        exclude_namespaces: excludedNamespaces,
      });
      if (path !== undefined) this.#warnOfConflict(path);
      return path;
    });
    if (this.#installed === done) return;
    this.#installed = done;
    this.#options.onInstalled?.(done);
  }

  /** Takes the plugin out of the list, and then its program away. */
  async remove(): Promise<void> {
    await this.#tryTo("removed", async () => {
      const path = await this.#network.remove();
      await removeFile(this.#programPath);
      return path;
    });
  }

  /** Two that keep taking each other's changes back have to be told apart by a person. */
  #warnOfConflict(path: string): void {
    const { nowMs = () => performance.now(), log } = this.#options;
    const now = nowMs();
    const { count, lastMs } = this.#changes;
    const again = now - lastMs < CONFLICT_WITHIN_MS ? count + 1 : 1;
    this.#changes = { count: again, lastMs: now };
    if (again !== CONFLICT_CHANGES_MAX) return;
    log.warn("another program keeps taking the CNI plugin out", {
      path,
      changes: again,
      hint: "with Cilium, set cni.exclusive=false",
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

  /** @returns whether it could be done. */
  async #tryTo(
    what: string,
    action: () => Promise<string | undefined>,
  ): Promise<boolean> {
    const { log } = this.#options;
    try {
      const path = await action();
      if (path !== undefined) log.info(`CNI plugin ${what}`, { path });
      this.#said = "";
      return true;
    } catch (reason) {
      const error = messageOf(reason);
      if (this.#said !== error) log.warn(`CNI plugin not ${what}`, { error });
      this.#said = error;
      return false;
    }
  }
}

function ignoreMissing(reason: unknown): undefined {
  if (!(reason instanceof Deno.errors.NotFound)) throw reason;
}
