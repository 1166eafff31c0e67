// A client that stays connected: steady_requests.ts HOST PORT
// Sends a request, prints the status of its answer, and goes on, for ever.
const [hostname = "", port = ""] = Deno.args;
const connection = await Deno.connect({ hostname, port: Number(port) });
const request = new TextEncoder().encode(
  `GET / HTTP/1.1\r\nhost: ${hostname}\r\n\r\n`,
);
const buffer = new Uint8Array(65_536);
for (;;) {
  await connection.write(request);
  // Answers here are short: each comes in one piece, or its head does.
  const length = await connection.read(buffer);
  if (length === null) break;
  const text = new TextDecoder().decode(buffer.subarray(0, length));
  const status = /^HTTP\/1.1 (\d+)/.exec(text)?.[1];
  if (status !== undefined) console.log(status);
  await new Promise((resolve) => setTimeout(resolve, 50));
}
console.log("closed");
