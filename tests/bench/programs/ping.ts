// One connection to an echo server, one octet there and back after the other: ping.ts HOST PORT
// Prints "running", and then a JSON object for every tenth of a second: its end
// (milliseconds since the epoch) and the longest round trip in it (milliseconds).

const [hostname = "", port = ""] = Deno.args;
const WINDOW_MS = 100;
const PAUSE_MS = 1;
const connection = await Deno.connect({ hostname, port: Number(port) });
connection.setNoDelay(true);
const octet = new Uint8Array(1);
console.log("running");
while (true) {
  const end = Date.now() + WINDOW_MS;
  let longest = 0;
  do {
    const began = performance.now();
    await connection.write(octet);
    if (await connection.read(octet) !== 1) throw new Error("no echo");
    longest = Math.max(longest, performance.now() - began);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  } while (Date.now() < end);
  console.log(JSON.stringify({ at: Date.now(), longest }));
}
