/** What can go wrong with the programs that write rules. */
import type { Iptables } from "../../src/redirect/mod.ts";
import type { TestNetns } from "./test_netns.ts";

/** Programs that stand in for the real ones and go away with their folder. */
export class Programs implements AsyncDisposable {
  private constructor(readonly folder: string) {}

  static async make(): Promise<Programs> {
    return new Programs(await Deno.makeTempDir());
  }

  /** A program of that shell text, which `"$0".real` may lead on. */
  async put(name: string, script: string): Promise<string> {
    const path = `${this.folder}/${name}`;
    await Deno.writeTextFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** The same programs, but for the ones that write. */
export const withRestore = (
  backend: Iptables,
  four: string,
  six: string,
): Iptables => ({
  ...backend,
  4: { ...backend[4], restore: four },
  6: { ...backend[6], restore: six },
});

/** The lock of iptables-legacy, in a file of its own, so that other tests have theirs. */
export class XtablesLock implements AsyncDisposable {
  private constructor(
    readonly programs: Programs,
    readonly held: Deno.FsFile,
  ) {}

  static async hold(): Promise<XtablesLock> {
    const programs = await Programs.make();
    const held = await Deno.create(`${programs.folder}/lock`);
    await held.lock(true);
    return new XtablesLock(programs, held);
  }

  /** The same programs, with this lock and that patience. */
  async under(real: Iptables, seconds: number): Promise<Iptables> {
    const { folder } = this.programs;
    const put = (name: string) =>
      this.programs.put(
        name,
        `export XTABLES_LOCKFILE=${folder}/lock
        touch ${folder}/asked
        exec ${name} --noflush --wait ${seconds}`,
      );
    const [four, six] = [real[4].restore, real[6].restore];
    return withRestore(real, await put(four), await put(six));
  }

  async untilAskedFor(): Promise<void> {
    const asked = `${this.programs.folder}/asked`;
    while (!await Deno.stat(asked).then(() => true, () => false)) {
      await new Promise((done) => setTimeout(done, 10));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.held.close();
    await this.programs[Symbol.asyncDispose]();
  }
}

/** A program that keeps a table to itself as long as it runs. */
export class TableOwner implements AsyncDisposable {
  readonly #nft: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #isOver = false;

  private constructor(nft: Deno.ChildProcess) {
    this.#nft = nft;
    this.#writer = nft.stdin.getWriter();
  }

  static async start(pod: TestNetns, table: string): Promise<TableOwner> {
    const nft = new Deno.Command("ip", {
      args: ["netns", "exec", pod.name, "nft", "-i"],
      stdin: "piped",
      stdout: "null",
    }).spawn();
    const owner = new TableOwner(nft);
    const script =
      `add table inet ${table} { flags owner; }\nadd chain inet ${table} mine\n`;
    await owner.#writer.write(new TextEncoder().encode(script));
    const isThere = async () =>
      (await pod.sh("nft list chains inet")).includes("mine");
    while (!await isThere()) await new Promise((done) => setTimeout(done, 10));
    return owner;
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#writer.close();
    await this.#nft.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOver) await this.end();
  }
}
