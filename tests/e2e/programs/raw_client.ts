// Sends what comes on standard input, and prints all that comes back until the
// server closes, or says nothing for two seconds: raw_client.ts HOST PORT
// It does not end its half: a server would take it to be gone.

const [hostname = "", port = ""] = Deno.args;
const QUIET_MS = 2_000;

const text = await new Response(Deno.stdin.readable).bytes();
const connection = await Deno.connect({ hostname, port: Number(port) });
const octets = new Uint8Array(65_536);
await connection.write(text);
try {
  for (;;) {
    const timer = setTimeout(() => connection.close(), QUIET_MS);
    const count = await connection.read(octets);
    clearTimeout(timer);
    if (count === null) break;
    await Deno.stdout.write(octets.subarray(0, count));
  }
} catch {
  // Reset, or given up.
}
