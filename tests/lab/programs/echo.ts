// A TCP server for tests: echo.ts HOST PORT echo|double

const [hostname = "::", port = "9000", mode = "echo"] = Deno.args;
const listener = Deno.listen({ hostname, port: Number(port) });
console.log(`listening on ${port}`);
for (;;) {
  const connection = await accept();
  if (connection === undefined) continue;
  serve(connection).catch((reason) => console.log(`ended: ${reason}`));
}

/** undefined when it was reset before it could be taken. */
async function accept(): Promise<Deno.TcpConn | undefined> {
  try {
    return await listener.accept();
  } catch (reason) {
    if (reason instanceof Deno.errors.NotConnected) return undefined;
    throw reason;
  }
}

async function serve(connection: Deno.TcpConn): Promise<void> {
  try {
    const reply = connection.readable.pipeThrough(
      repeat(mode === "double" ? 2 : 1),
    );
    await reply.pipeTo(connection.writable);
  } finally {
    close(connection);
  }
}

function repeat(
  times: number,
): TransformStream<Uint8Array, Uint8Array<ArrayBuffer>> {
  return new TransformStream({
    transform(octets, out) {
      out.enqueue(
        Uint8Array.from(
          { length: octets.length * times },
          (_, at) => octets[Math.floor(at / times)] ?? 0,
        ),
      );
    },
  });
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // The stream's end has closed it.
  }
}
