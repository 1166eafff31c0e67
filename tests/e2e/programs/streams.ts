// Clients of an echo server, for tests: streams.ts HOST PORT COUNT
// Each says a word again and again and reads the answers. Prints how many
// answers there were in all, and which connections ended.

const [hostname = "", port = "", count = ""] = Deno.args;
const PAUSE_MS = 20;
let answers = 0;

await Promise.all(Array.from({ length: Number(count) }, (_, at) => talk(at)));

async function talk(at: number): Promise<void> {
  const octets = new Uint8Array(64);
  try {
    using connection = await Deno.connect({ hostname, port: Number(port) });
    while (true) {
      await connection.write(new TextEncoder().encode("word"));
      if (await connection.read(octets) === null) break;
      console.log(`answers ${++answers}`);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    console.log(`ended ${at}`);
  } catch (reason) {
    console.log(`ended ${at}: ${reason}`);
  }
}
