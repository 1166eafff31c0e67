import type { CommandResult } from "./command.ts";
import type { Lab } from "./lab.ts";
import type { LabProcess } from "./lab_process.ts";
import type { LabPod, Place } from "./places.ts";

const CLIENT_PROGRAM =
  new URL("./programs/tcp_client.ts", import.meta.url).pathname;
const ECHO_PROGRAM = new URL("./programs/echo.ts", import.meta.url).pathname;

/** What an HTTP server of the lab answers at `/`, for tests to look for. */
export function greetingOf(pod: LabPod): string {
  return `hello from ${pod.name}`;
}

/** What it answers at `/private`, for policies to keep to itself. */
export function secretOf(pod: LabPod): string {
  return `the secret of ${pod.name}`;
}

/**
 * Starts nginx in a pod: `/` greets, `/private` gives itself away, `/ip` names
 * the peer, `/host` the Host header, `/1k` is a file of 1,024 octets, `/1m` one
 * of 2 to the 20. HTTP/2 is without TLS, for clients that know of it.
 */
export async function startHttpServer(
  lab: Lab,
  pod: LabPod,
  port = 8000,
  protocol: "http1" | "http2" = "http1",
): Promise<LabProcess> {
  const name = `nginx-${pod.name}-${port}`;
  const folder = `${lab.folder}/${name}`;
  await Deno.mkdir(`${folder}/files`, { recursive: true });
  await Deno.writeTextFile(`${folder}/files/1k`, "k".repeat(1024));
  await Deno.writeTextFile(`${folder}/files/1m`, "m".repeat(1 << 20));
  await Deno.writeTextFile(
    `${folder}/nginx.conf`,
    nginxConf(folder, pod, `${port}${protocol === "http2" ? " http2" : ""}`),
  );
  const process = lab.start(pod, name, [
    ...["nginx", "-e", "stderr", "-p", folder, "-c", `${folder}/nginx.conf`],
  ]);
  await untilListening(lab, pod, port, process);
  return process;
}

/** Starts iperf3's server in a pod, on its own port 5201. */
export async function startIperfServer(
  lab: Lab,
  pod: Place & { readonly name: string },
): Promise<LabProcess> {
  const command = ["iperf3", "--server", "--forceflush"];
  const process = lab.start(pod, `iperf3-${pod.name}`, command);
  await process.untilLog(/Server listening/);
  return process;
}

/**
 * Starts a TCP server in a pod. `echo` sends back what it reads; `double` every
 * octet twice; both end their side when the client has ended its own.
 */
export async function startEchoServer(
  lab: Lab,
  pod: LabPod,
  port = 9000,
  mode: "echo" | "double" = "echo",
): Promise<LabProcess> {
  const process = lab.start(pod, `${mode}-${pod.name}-${port}`, [
    ...deno(ECHO_PROGRAM),
    ...["::", `${port}`, mode],
  ]);
  await process.untilLog(/listening/);
  return process;
}

/** Sends a text over TCP from that place, ends its side, and returns all that came back. */
export function sendTcp(
  lab: Lab,
  place: Place,
  ip: string,
  port: number,
  text: string,
): Promise<CommandResult> {
  const command = [...deno(CLIENT_PROGRAM), ip, `${port}`];
  return lab.exec(place, command, { stdin: text });
}

/** Waits until something listens on that TCP port at that place, without connecting to it. */
export async function untilListening(
  lab: Lab,
  place: Place,
  port: number,
  process: LabProcess,
  timeoutMs = 10_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  const filter = ["ss", "-Hltn", `sport = :${port}`];
  while ((await lab.exec(place, filter)).stdout.trim() === "") {
    if (!process.running) {
      throw process.failure(`it ended, awaited: port ${port}`);
    }
    if (performance.now() > deadline) {
      throw process.failure(`no listener on port ${port}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function deno(program: string): string[] {
  return [Deno.execPath(), "run", "--no-config", "--allow-net", program];
}

/** @param listen A port, and what is special about it. */
function nginxConf(folder: string, pod: LabPod, listen: string): string {
  return `
daemon off;
user root;
worker_processes 1;
pid ${folder}/pid;
events { worker_connections 16384; }
http {
  access_log off;
  default_type text/plain;
  keepalive_timeout 3600s;
  keepalive_requests 1000000000;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  server {
    listen ${listen} backlog=4096;
    listen [::]:${listen} backlog=4096;
    root ${folder}/files;
    location = / { return 200 "${greetingOf(pod)}\\n"; }
    location = /private { return 200 "${secretOf(pod)}\\n"; }
    location = /ip { return 200 "$remote_addr\\n"; }
    location = /host { return 200 "$host\\n"; }
  }
}
`;
}
