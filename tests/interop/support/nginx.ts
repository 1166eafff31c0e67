import { connect, createServer } from "node:net";
import { startProgram } from "./program.ts";

/** How long nginx may take to listen, in attempts of 50 ms. */
const ATTEMPTS_MAX = 100;

/**
 * An nginx on loopback that serves the files of a folder of its own and refuses
 * bodies above a kibibyte.
 *
 * @param files Their contents by name.
 */
export async function startNginx(files: Readonly<Record<string, Uint8Array>>) {
  const folder = await Deno.makeTempDir();
  await Deno.chmod(folder, 0o755); // Workers are another user.
  for (const [name, octets] of Object.entries(files)) {
    await Deno.writeFile(`${folder}/${name}`, octets);
  }
  const port = await freePort();
  await Deno.writeTextFile(`${folder}/nginx.conf`, configOf(port, folder));
  const child = startProgram("nginx", [
    "-p",
    folder,
    "-e",
    `${folder}/error.log`,
    "-c",
    `${folder}/nginx.conf`,
  ]);
  const output = child.output();
  const stop = async () => {
    child.kill("SIGKILL");
    await output;
    await Deno.remove(folder, { recursive: true });
  };
  try {
    await listening(port);
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, [Symbol.asyncDispose]: stop };
}

// One process, so that ending it ends everything.
function configOf(port: number, folder: string): string {
  return `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  server {
    listen 127.0.0.1:${port};
    root ${folder};
    client_max_body_size 1k;
    location /text {
      default_type text/plain;
      return 200 "$request_method $host $http_x_test";
    }
    location /proxied {
      proxy_pass http://127.0.0.1:${port}/text;
    }
    location /last { keepalive_timeout 0; return 204; }
  }
}
`;
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
  throw new Error(`Cannot reach nginx on port ${port}: not listening`);
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
