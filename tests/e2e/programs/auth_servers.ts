// Servers that tests of authentication need: auth_servers.ts KIND [FILE]
//
// app (8001) says in JSON what came. keys (8003) serves FILE, a key set.
// http (8002) and grpc (9000) are external authorizers: what follows /check
// in the path, or the path itself, says how they answer, and each question is
// printed as a line of JSON. echo (9001) sends back what it reads.
import * as http2 from "node:http2";
import { readCheck, responseTo } from "./check_messages.ts";

const [kind = "", file = ""] = Deno.args;
const servers: Record<string, () => void> = {
  app: () => serve(8001, app),
  keys: () => serve(8003, keys),
  http: () => serve(8002, authorize),
  grpc: startGrpc,
  echo: startEcho,
};
servers[kind]?.();
console.log("listening");

function serve(
  port: number,
  handler: (request: Request) => Response | Promise<Response>,
): void {
  Deno.serve({ port, hostname: "::", onListen() {} }, handler);
}

async function app(request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  return Response.json({
    path: pathname + search,
    headers: Object.fromEntries(request.headers),
    body: await request.text(),
  }, { headers: { "x-seen": "app" } });
}

async function keys(): Promise<Response> {
  return new Response(await Deno.readTextFile(file));
}

async function authorize(request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const body = await request.text();
  console.log(JSON.stringify({
    method: request.method,
    path: pathname + search,
    headers: Object.fromEntries(request.headers),
    body,
  }));
  switch (pathname.split("/")[2]) {
    case "deny":
      return new Response("who are you?", {
        status: 401,
        headers: { "www-authenticate": "Test", "x-secret": "1" },
      });
    case "octets":
      return new Response(Uint8Array.of(0xff, 0, 0x80), { status: 403 });
    case "broken":
      return new Response("", { status: 500 });
    case "slow":
      return await new Promise<Response>(() => {});
    default:
      return new Response("", {
        status: body.includes("bad") ? 403 : 200,
        headers: { "x-user": "ann", "x-other": "1", "set-cookie": "a=b" },
      });
  }
}

function startGrpc(): void {
  const server = http2.createServer();
  server.on("stream", (stream) => {
    const chunks: Uint8Array[] = [];
    stream.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    stream.on("end", async () => {
      const body = await new Blob(chunks as Uint8Array<ArrayBuffer>[]).bytes();
      const check = readCheck(body.subarray(5));
      console.log(JSON.stringify(check));
      if (check.path.startsWith("/slow")) return;
      const failed = check.path.startsWith("/broken");
      stream.respond(
        { ":status": 200, "content-type": "application/grpc" },
        { waitForTrailers: true },
      );
      stream.on("wantTrailers", () => {
        stream.sendTrailers({ "grpc-status": failed ? "13" : "0" });
      });
      stream.end(failed ? undefined : framed(responseTo(check)));
    });
  });
  server.listen(9000, "::");
}

function framed(message: Uint8Array): Uint8Array {
  const octets = new Uint8Array(5 + message.length);
  new DataView(octets.buffer).setUint32(1, message.length);
  octets.set(message, 5);
  return octets;
}

async function startEcho(): Promise<void> {
  for await (const connection of Deno.listen({ port: 9001, hostname: "::" })) {
    connection.readable.pipeTo(connection.writable).catch(() => {});
  }
}
