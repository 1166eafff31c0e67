/** Callers that go on while something changes. */
import type { LabProcess, Place } from "../lab/mod.ts";
import { eventually } from "./support.ts";
import type { WaypointMesh } from "./waypoint_support.ts";

let serial = 0;

/** curl's word for no answer. */
export const CUT = "000";

const REPEAT = `
while [ ! -e "$1" ]; do
  curl -s -o /dev/null --max-time 5 -w '%{http_code}\\n' "$2"
done`;

/** One request after the other, each on a connection of its own. */
export class RequestStream implements AsyncDisposable {
  readonly #end: string;
  readonly #process: LabProcess;

  constructor({ lab }: WaypointMesh, place: Place, url: string) {
    const name = `requests-${serial++}`;
    this.#end = `${lab.folder}/${name}-end`;
    const command = ["sh", "-c", REPEAT, "sh", this.#end, url];
    this.#process = lab.start(place, name, command);
  }

  /** Statuses so far, in order. */
  get statuses(): string[] {
    return this.#process.lines();
  }

  /** Waits until three in a row have that status. */
  async until(status: string): Promise<void> {
    await eventually(
      `a stream of ${status}`,
      () => Promise.resolve(isSettled(this.statuses, status)),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.writeTextFile(this.#end, "");
    await this.#process.ended;
  }
}

function isSettled(statuses: readonly string[], status: string): boolean {
  const last = statuses.slice(-3);
  return last.length === 3 && last.every((s) => s === status);
}

const KEEP = `
request() { printf 'GET %s HTTP/1.1\\r\\nhost: kept\\r\\n\\r\\n' "$1"; }
{
  request /
  until [ -e "$3" ]; do sleep 0.05; done
  request "$(cat "$3")"
  sleep 3
} | socat -t 1 - "TCP:$1:$2"`;

/** One HTTP connection, kept open between two requests; `/` is the first. */
export class KeptConnection {
  readonly #asks: string;
  readonly process: LabProcess;

  constructor({ lab }: WaypointMesh, place: Place, ip: string, port: number) {
    const name = `kept-${serial++}`;
    this.#asks = `${lab.folder}/${name}-ask`;
    const command = ["sh", "-c", KEEP, "sh", ip, `${port}`, this.#asks];
    this.process = lab.start(place, name, command);
  }

  /** Statuses of the responses so far. */
  get statuses(): string[] {
    return [...this.process.log().matchAll(/^HTTP\/1\.1 (\d{3}) /gm)]
      .map(([, status = ""]) => status);
  }

  async untilAnswered(): Promise<void> {
    await this.process.untilLog(/^HTTP\/1\.1 \d{3} /m);
  }

  /** Makes the second request. @returns all statuses: one when the connection had gone. */
  async ask(path: string): Promise<string[]> {
    await Deno.writeTextFile(`${this.#asks}.draft`, path);
    await Deno.rename(`${this.#asks}.draft`, this.#asks);
    await this.process.ended;
    return this.statuses;
  }
}
