// Holds idle connections: hold.ts HOST PORT COUNT
// Opens COUNT connections to an echo server, proves each by one octet there and
// back, prints "held" and keeps them until it is ended.

const [hostname = "", port = "", count = ""] = Deno.args;
const OPENED_AT_ONCE = 50;
const held: Deno.TcpConn[] = [];
let left = Number(count);
await Promise.all(Array.from({ length: OPENED_AT_ONCE }, open));
console.log(`held ${held.length}`);
await new Promise(() => setInterval(() => {}, 60_000));

async function open(): Promise<void> {
  while (left-- > 0) {
    const connection = await Deno.connect({ hostname, port: Number(port) });
    await connection.write(Uint8Array.of(7));
    const reply = new Uint8Array(1);
    if (await connection.read(reply) !== 1 || reply[0] !== 7) {
      throw new Error("no echo");
    }
    held.push(connection);
  }
}
