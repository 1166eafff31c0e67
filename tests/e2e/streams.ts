/** Long-lived connections that are in use all the time. */
import type { LabProcess, Place } from "../lab/mod.ts";
import { program } from "./security_support.ts";
import { ECHO_PORT, eventually, type Mesh } from "./support.ts";

export const STREAMS_COUNT = 10;

/** Connections from one place to the echo server, all of them in use. */
export class Streams implements AsyncDisposable {
  constructor(readonly process: LabProcess) {}

  ended(): number {
    return this.#lines("ended ").length;
  }

  untilAllEnded(): Promise<void> {
    const allEnded = () => Promise.resolve(this.ended() === STREAMS_COUNT);
    return eventually(`${this.process.name}: all ended`, allEnded);
  }

  /** Waits until each connection has been answered several times more, on the average. */
  untilMoreAnswers(): Promise<void> {
    const wanted = this.#answers() + 5 * STREAMS_COUNT;
    const enough = () => Promise.resolve(this.#answers() >= wanted);
    return eventually(`${this.process.name}: more answers`, enough);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process.stop();
  }

  #answers(): number {
    return this.#lines("answers ").length;
  }

  #lines(start: string): string[] {
    return this.process.lines().filter((line) => line.startsWith(start));
  }
}

let runs = 0;

/** Starts them and waits until all are in use. */
export async function openStreams(mesh: Mesh, from: Place): Promise<Streams> {
  const streams = startStreams(mesh, from);
  await streams.untilMoreAnswers();
  return streams;
}

/** Starts them, whatever becomes of them. */
export function startStreams(mesh: Mesh, from: Place): Streams {
  const target = [mesh.echo.ips[0] ?? "", `${ECHO_PORT}`, `${STREAMS_COUNT}`];
  const name = `streams-${++runs}`;
  const process = mesh.lab.start(from, name, program("streams", ...target));
  return new Streams(process);
}
