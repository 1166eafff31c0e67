import { Chain, type ChainOptions } from "../../../src/control/cni/mod.ts";
import { createLogging } from "../../../src/telemetry/log.ts";

export const LIST = { name: "n", plugins: [{ type: "bridge" }] };
export const OWN = {
  agent_socket: "/s",
  exclude_namespaces: ["kube-system"],
  type: "hairpin-cni",
};

/** Folders as a container runtime has them, and the chain in them. */
export class Runtime implements Disposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "hairpin-chain-" });
  readonly netDir = `${this.folder}/net.d`;
  readonly binDir = `${this.folder}/bin`;
  readonly program = `${this.binDir}/hairpin-cni`;
  readonly lines: string[] = [];
  /** What was told of the installation. */
  readonly installed: boolean[] = [];
  readonly chain: Chain;

  constructor(options: Partial<ChainOptions> = {}) {
    Deno.mkdirSync(this.netDir);
    Deno.mkdirSync(this.binDir);
    const logging = createLogging({
      filter: "info",
      format: "plain",
      write: (text) => this.lines.push(text),
      now: () => new Date(0),
    });
    this.chain = new Chain({
      netDir: this.netDir,
      binDir: this.binDir,
      confName: undefined,
      program: "#!/bin/sh\n",
      socket: "/s",
      excludedNamespaces: ["kube-system"],
      log: logging.scope("cni"),
      onInstalled: (installed) => this.installed.push(installed),
      ...options,
    });
  }

  write(name: string, value: object | string, mode = 0o600): void {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    Deno.writeTextFileSync(`${this.netDir}/${name}`, text);
    Deno.chmodSync(`${this.netDir}/${name}`, mode);
  }

  text(name: string): string {
    return Deno.readTextFileSync(`${this.netDir}/${name}`);
  }

  plugins(name: string): unknown {
    return JSON.parse(this.text(name)).plugins;
  }

  get files(): string[] {
    return [...Deno.readDirSync(this.netDir)].map(({ name }) => name).sort();
  }

  /** What the runtime would use. */
  get first(): string | undefined {
    return this.files.find((name) => /\.(conf|conflist|json)$/.test(name));
  }

  /** Resolves when what was logged so far is written. */
  async logged(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }
}

/** Waits for something to be so. */
export async function until(test: () => boolean): Promise<void> {
  while (!test()) await new Promise((resolve) => setTimeout(resolve, 20));
}
