/** Programs that stand for applications in tests of HTTP. */
import type { Lab, LabPod, LabProcess, Place } from "../lab/mod.ts";

const commandOf = (name: string, ...args: readonly string[]): string[] => {
  const path = new URL(`./programs/${name}.ts`, import.meta.url).pathname;
  return [Deno.execPath(), "run", "--no-config", "-N", "-R", path, ...args];
};

/** Starts a server of tests/e2e/programs in a pod and waits until it listens. */
export async function startProgram(
  lab: Lab,
  pod: LabPod,
  program: string,
  ...args: readonly string[]
): Promise<LabProcess> {
  const given = args.length === 0 ? [pod.name] : args;
  const process = lab.start(
    pod,
    `${program}-${pod.name}`,
    commandOf(program, ...given),
  );
  await process.untilLog(/^listening$/m);
  return process;
}

/**
 * Sends texts, one octet a character and each over a connection of its own.
 *
 * @returns all that came back of each until the server closed, or fell silent.
 */
export async function sendRaw(
  lab: Lab,
  from: Place,
  to: { readonly ip: string; readonly port: number },
  texts: readonly string[],
): Promise<string[]> {
  const command = commandOf("raw_client", to.ip, `${to.port}`);
  const stdin = JSON.stringify(texts);
  const { stdout, stderr } = await lab.exec(from, command, { stdin });
  if (stdout === "") throw new Error(`no answers: ${stderr}`);
  return JSON.parse(stdout);
}

/** One request of programs/h2_client.ts. */
export interface H2Call {
  /** Pseudo-header fields, too. */
  readonly headers: Readonly<Record<string, string>>;
  /** Parts of the body. */
  readonly chunks: readonly string[];
  /** Sends a part only after an answer to the one before. */
  readonly pingPong: boolean;
}

export interface H2Reply {
  readonly headers: Readonly<Record<string, string | number>>;
  readonly trailers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly ended: boolean;
  /** Empty for none. */
  readonly error: string;
  /** Whether the stream ended with the header list. */
  readonly alone: boolean;
}

/** Sends requests over one HTTP/2 connection, all at once. */
export async function callHttp2(
  lab: Lab,
  from: Place,
  to: { readonly ip: string; readonly port: number },
  calls: readonly H2Call[],
): Promise<H2Reply[]> {
  const json = JSON.stringify(calls);
  const command = commandOf("h2_client", to.ip, `${to.port}`, json);
  const { stdout, stderr } = await lab.exec(from, command);
  const lines = stdout.split("\n").filter((line) => line !== "");
  if (lines.length !== calls.length) throw new Error(`no replies: ${stderr}`);
  return lines.map((line) => JSON.parse(line));
}

/** What programs/ws_client.ts saw. */
export interface WebSocketReport {
  readonly answered: number;
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;
}

/** Talks to a WebSocket server that echoes. */
export async function callWebSocket(
  lab: Lab,
  from: Place,
  url: string,
  count: number,
): Promise<WebSocketReport> {
  const command = commandOf("ws_client", url, `${count}`);
  const { stdout, stderr } = await lab.exec(from, command);
  if (stdout === "") throw new Error(`no report: ${stderr}`);
  return JSON.parse(stdout);
}

/** What programs/h2_upgrade.ts asks for. */
export interface H2Upgrade {
  readonly protocol: string;
  readonly path: string;
  /** Messages of a WebSocket. */
  readonly count: number;
  /** Whether the first one goes out before there is an answer. */
  readonly early: boolean;
}

export interface H2UpgradeReport {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number>>;
  /** Messages that came back as they were. */
  readonly answered: number;
  /** Of the server's closing frame. */
  readonly code: number;
  /** Of an answer that is no WebSocket. */
  readonly body: string;
  readonly ended: boolean;
  /** Empty for none. */
  readonly error: string;
}

/** Asks for another protocol by an extended CONNECT. */
export async function upgradeHttp2(
  lab: Lab,
  from: Place,
  to: { readonly ip: string; readonly port: number },
  call: Partial<H2Upgrade> = {},
): Promise<H2UpgradeReport> {
  const json = JSON.stringify({
    ...{ protocol: "websocket", path: "/ws", count: 20, early: false },
    ...call,
  });
  const command = commandOf("h2_upgrade", to.ip, `${to.port}`, json);
  const { stdout, stderr } = await lab.exec(from, command);
  if (stdout === "") throw new Error(`no report: ${stderr}`);
  return JSON.parse(stdout);
}
