/** A connection between two namespaces that outlives what is done to them. */
import { sh, type TestNetns } from "./test_netns.ts";

/** Echoes on port 80 of both families by one socket, as Go and Java do. */
const SERVER = `
  const listener = Deno.listen({ hostname: "::", port: 80 });
  console.log("up");
  for await (const conn of listener) {
    conn.readable.pipeTo(conn.writable).catch(() => {});
  }`;

/** Sends an octet for every line that it reads, and tells what comes back. */
const CLIENT = `
  const conn = await Deno.connect({ hostname: Deno.args[0], port: 80 });
  const lines = Deno.stdin.readable.getReader();
  const say = async () => {
    await conn.write(new Uint8Array(1));
    return await conn.read(new Uint8Array(1)) === 1 ? "echo" : "end";
  };
  console.log("up");
  for (;;) {
    if ((await lines.read()).done) break;
    console.log(await say().catch((error) => error.name));
  }
  Deno.exit();`;

/** A program of a namespace that is spoken to by lines. */
class Program implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<Uint8Array>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;

  constructor(netns: Pick<TestNetns, "name">, code: string, ...args: string[]) {
    this.#child = new Deno.Command("ip", {
      args: [
        ...[
          "netns",
          "exec",
          netns.name,
          Deno.execPath(),
          "run",
          "-A",
          "--ext=js",
        ],
        ...[`data:text/javascript,${encodeURIComponent(code)}`, ...args],
      ],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#lines = this.#child.stdout.getReader();
    this.#input = this.#child.stdin.getWriter();
  }

  async line(): Promise<string> {
    const { value } = await this.#lines.read();
    return new TextDecoder().decode(value).trim();
  }

  async ask(): Promise<string> {
    await this.#input.write(new TextEncoder().encode("go\n"));
    return await this.line();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#lines.cancel();
    await this.#input.abort().catch(() => {});
    await this.#child.status;
  }
}

export async function echoServer(
  netns: Pick<TestNetns, "name">,
): Promise<AsyncDisposable> {
  const program = new Program(netns, SERVER);
  await program.line();
  return program;
}

export interface OpenTestConnection extends AsyncDisposable {
  /** Sends an octet: `echo`, or how the connection ended. */
  ask(): Promise<string>;
}

/** Open when it is returned. */
export async function openConnection(
  netns: Pick<TestNetns, "name">,
  to: string,
): Promise<OpenTestConnection> {
  const program = new Program(netns, CLIENT, to);
  await program.line();
  await program.ask();
  return program;
}

/** Joins two namespaces: the first is 10.77.0.1 and fd77::1, the second 10.77.0.2 and fd77::2. */
export async function joinNetns(a: TestNetns, b: TestNetns): Promise<void> {
  await sh(`
    ip -n ${a.name} link add peer0 type veth peer name eth0 netns ${b.name}
    ip -n ${a.name} addr add 10.77.0.1/24 dev peer0
    ip -n ${a.name} addr add fd77::1/64 dev peer0 nodad
    ip -n ${b.name} addr add 10.77.0.2/24 dev eth0
    ip -n ${b.name} addr add fd77::2/64 dev eth0 nodad
    ip -n ${a.name} link set peer0 up
    ip -n ${b.name} link set eth0 up`);
}
