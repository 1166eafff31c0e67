/** Scripted TCP peers in a lab: see tests/lab/programs/peer.ts for the steps. */
import type { Lab, LabProcess, Place } from "../lab/mod.ts";

/** What one end of a connection saw of it. */
export interface PeerReport {
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly sent: number;
  readonly received: number;
  /** The first octets received, as text. */
  readonly text: string;
  readonly sentDigest: string;
  readonly receivedDigest: string;
  /** How reading ended: by the peer's end, by a reset, or not at all. */
  readonly end: "end" | "reset" | "open" | "refused";
  /** Such as `ECONNRESET`. */
  readonly error?: string;
}

const PROGRAM = new URL("../lab/programs/peer.ts", import.meta.url).pathname;
const PEER = [Deno.execPath(), "run", "--no-config", "-N", "-R", PROGRAM];
/** A gibibyte on a machine with little to spare. */
const CALL_TIMEOUT_MS = 240_000;
const REPORT_TIMEOUT_MS = 60_000;

let serial = 0;

/** Connects from that place, runs the script to its end. */
export async function callPeer(
  lab: Lab,
  place: Place,
  to: { readonly ip: string; readonly port: number },
  steps: readonly string[],
  timeoutMs = CALL_TIMEOUT_MS,
): Promise<PeerReport> {
  const command = [...PEER, "connect", to.ip, `${to.port}`, ...steps];
  const options = { timeoutMs };
  const { stdout, stderr } = await lab.exec(place, command, options);
  const [report] = reportsIn(stdout);
  if (report === undefined) throw new Error(`no report: ${stdout}${stderr}`);
  return report;
}

/** The same in the background, for a script that waits for the test. */
export function startPeer(
  lab: Lab,
  place: Place,
  to: { readonly ip: string; readonly port: number },
  steps: readonly string[],
): RunningPeer {
  const command = [...PEER, "connect", to.ip, `${to.port}`, ...steps];
  return new RunningPeer(lab.start(place, `peer-${serial++}`, command));
}

/** Listens at that place and runs the script for every connection. */
export async function startPeerServer(
  lab: Lab,
  place: Place,
  port: number,
  steps: readonly string[],
): Promise<RunningPeer> {
  const command = [...PEER, "listen", `${port}`, ...steps];
  const process = lab.start(place, `peer-server-${serial++}`, command);
  await process.untilLog(/listening/);
  return new RunningPeer(process);
}

/** A peer in the background. */
export class RunningPeer implements AsyncDisposable {
  constructor(readonly process: LabProcess) {}

  /** Waits until the script says a word (its step `say`). */
  async untilSaid(word: string): Promise<void> {
    await this.process.untilLog(new RegExp(`^${word}$`, "m"));
  }

  /** Waits for the report of the connection of that ordinal, from 0. */
  async report(ordinal = 0): Promise<PeerReport> {
    const find = (log: string) => reportsIn(log)[ordinal];
    const what = `report ${ordinal}`;
    return await this.process.untilFound(what, find, REPORT_TIMEOUT_MS);
  }

  get reports(): readonly PeerReport[] {
    return reportsIn(this.process.log());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process.stop();
  }
}

function reportsIn(text: string): PeerReport[] {
  const whole = /^\{.*\}$/; // the last line may be torn
  return text.split("\n").filter((line) => whole.test(line)).map((line) =>
    JSON.parse(line)
  );
}
