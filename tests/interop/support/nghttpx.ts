import { connect, createServer } from "node:net";
import { startProgram } from "./program.ts";

/** How long the proxy may take to listen, in attempts of 50 ms. */
const ATTEMPTS_MAX = 100;

/** An nghttpx on loopback: HTTP/2 in front, HTTP/2 to `backend` behind. */
export async function startNghttpx(
  backend: number,
  options: readonly string[] = [],
) {
  const port = await freePort();
  const child = startProgram("nghttpx", [
    "--conf=/dev/null",
    `--frontend=127.0.0.1,${port};no-tls`,
    `--backend=127.0.0.1,${backend};;proto=h2`,
    "--workers=1",
    "--single-process",
    ...options,
  ]);
  const output = child.output();
  await listening(port);
  return {
    port,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await output;
    },
  };
}

/** A port nobody listens on at this moment. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  await new Promise<void>((done) => server.close(() => done()));
  if (address === null || typeof address === "string") {
    throw new Error("server has no port");
  }
  return address.port;
}

async function listening(port: number): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    if (await accepts(port)) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`Cannot reach nghttpx on port ${port}: not listening`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
