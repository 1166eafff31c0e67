// A TCP client for tests: tcp_client.ts HOST PORT
// Sends its standard input, ends its side, prints all that comes back.

const [hostname = "", port = ""] = Deno.args;
try {
  const connection = await Deno.connect({ hostname, port: Number(port) });
  const sent = Deno.stdin.readable.pipeTo(connection.writable, {
    preventClose: true,
  })
    .then(() => connection.closeWrite());
  await connection.readable.pipeTo(Deno.stdout.writable);
  await sent;
} catch (reason) {
  console.error(`${reason}`);
  Deno.exit(1);
}
