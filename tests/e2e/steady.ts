/** A steady stream of new connections, to do something under. */
import assert from "node:assert/strict";
import type { Lab, LabProcess, Place } from "../lab/mod.ts";

const PROGRAM = new URL("../lab/programs/steady.ts", import.meta.url).pathname;

let serial = 0;

/** What came of all the connections. */
export interface SteadyReport {
  readonly made: number;
  /** By what the client saw. */
  readonly failures: Readonly<Record<string, number>>;
}

export class SteadyTraffic {
  private constructor(
    readonly process: LabProcess,
    readonly endPath: string,
  ) {}

  /** Connects from that place to an echo server, again and again. */
  static async start(
    lab: Lab,
    place: Place,
    to: { readonly ip: string; readonly port: number },
  ): Promise<SteadyTraffic> {
    const name = `steady-${serial++}`;
    const endPath = `${lab.folder}/${name}-end`;
    const process = lab.start(place, name, [
      ...[Deno.execPath(), "run", "--no-config", "-N", "-R", PROGRAM],
      ...[to.ip, `${to.port}`, endPath],
    ]);
    await process.untilLog(/running/);
    return new SteadyTraffic(process, endPath);
  }

  /** Ends it. */
  async stop(): Promise<SteadyReport> {
    await Deno.writeTextFile(this.endPath, "");
    const [line] = await this.process.untilLog(/^\{.*\}$/m);
    return JSON.parse(line);
  }

  /** Ends it; all its connections must have been answered. */
  async stopWithoutFailure(): Promise<void> {
    const { made, failures } = await this.stop();
    assert.deepEqual(failures, {}, `of ${made} connections`);
  }
}
