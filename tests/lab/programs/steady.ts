// A steady stream of new connections to an echo server: steady.ts HOST PORT PATH
// Four at a time, one octet there and back each, until there is a file at PATH.
// Prints "running" after the first, and one JSON object at the end.

const [hostname = "", port = "", path = ""] = Deno.args;
const AT_ONCE = 4;
const TIMEOUT_MS = 20_000;
const failures = new Map<string, number>();
let made = 0;
let ended = false;
await Promise.all(Array.from({ length: AT_ONCE }, drive));
console.log(JSON.stringify({ made, failures: Object.fromEntries(failures) }));

async function drive(): Promise<void> {
  while (!ended) {
    try {
      await exchange();
      if (++made === 1) console.log("running");
    } catch (reason) {
      const text = `${reason}`;
      failures.set(text, (failures.get(text) ?? 0) + 1);
    }
    ended ||= await exists(path);
  }
}

async function exchange(): Promise<void> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const to = { hostname, port: Number(port) };
  using connection = await Deno.connect({ ...to, signal });
  const close = () => connection.close();
  signal.addEventListener("abort", close);
  try {
    await connection.write(Uint8Array.of(7));
    const reply = new Uint8Array(1);
    if (await connection.read(reply) !== 1 || reply[0] !== 7) {
      throw new Error("no echo");
    }
  } finally {
    // The time goes on after the connection is over.
    signal.removeEventListener("abort", close);
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch {
    return false;
  }
}
