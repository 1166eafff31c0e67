// Echo servers for tests: echo_server.ts NAME
// 8080 speaks HTTP/1.1 and HTTP/2, 7070 gRPC, 6060 and 9090 greet first and echo.
// 7070 takes WebSockets by extended CONNECT; 7071 is the same and does not.
//
// HTTP paths: /sum digests the body, /bytes/N answers N octets in chunks, /back
// sends the body back, /status/N, /ws is a WebSocket that echoes. All others
// say in JSON what came.
import * as http2 from "node:http2";
import { CLOSE, readFrame, writeFrame } from "./web_socket_frames.ts";

const [name = ""] = Deno.args;
const CHUNK = new Uint8Array(65_536).fill(0x78);

Deno.serve({ port: 8080, onListen() {} }, answer);
for (const port of [6060, 9090]) greetAndEcho(port);
startGrpc(7070, true);
startGrpc(7071, false);
console.log("listening");

/** The runtime sends a body in answer to HEAD over HTTP/2, so it gets none. */
async function answer(request: Request, info: Deno.ServeHandlerInfo) {
  const response = await answerInFull(request, info);
  if (request.method !== "HEAD") return response;
  const { headers, status } = response;
  headers.set("content-length", `${(await response.bytes()).length}`);
  return new Response(null, { headers, status });
}

async function answerInFull(request: Request, info: Deno.ServeHandlerInfo) {
  const [, first, second] = new URL(request.url).pathname.split("/");
  switch (first) {
    case "sum":
      return await sum(request);
    case "bytes":
      return new Response(octets(Number(second)));
    case "back":
      return new Response(request.body);
    case "status": {
      const status = Number(second);
      const body = [204, 304].includes(status) ? null : name;
      return new Response(body, { status, headers: { "x-backend": name } });
    }
    case "ws":
      return webSocket(request);
    default:
      return await report(request, info);
  }
}

async function report(request: Request, { remoteAddr }: Deno.ServeHandlerInfo) {
  const url = new URL(request.url);
  const { length } = await request.bytes();
  return Response.json({
    name,
    method: request.method,
    path: url.pathname + url.search,
    host: request.headers.get("host") ?? url.host,
    headers: [...request.headers],
    bodyLength: length,
    remote: "hostname" in remoteAddr ? remoteAddr.hostname : "",
  }, { headers: { "x-backend": name } });
}

async function sum(request: Request): Promise<Response> {
  const { createHash } = await import("node:crypto");
  const digest = createHash("sha256");
  let length = 0;
  for await (const chunk of request.body ?? []) {
    digest.update(chunk);
    length += chunk.length;
  }
  return Response.json({ length, digest: digest.digest("hex") });
}

function octets(length: number): ReadableStream<Uint8Array> {
  let left = length;
  return new ReadableStream({
    pull(controller) {
      const chunk = CHUNK.subarray(0, Math.min(left, CHUNK.length));
      left -= chunk.length;
      if (chunk.length > 0) controller.enqueue(chunk);
      if (left === 0) controller.close();
    },
  });
}

function webSocket(request: Request): Response {
  const { socket, response } = Deno.upgradeWebSocket(request);
  socket.onmessage = ({ data }) => socket.send(data);
  return response;
}

async function greetAndEcho(port: number) {
  for await (const connection of Deno.listen({ port, hostname: "::" })) {
    void greet(connection).catch(() => {});
  }
}

async function greet(connection: Deno.Conn) {
  await connection.write(new TextEncoder().encode(`hello from ${name}\n`));
  await connection.readable.pipeTo(connection.writable);
}

/** `Echo` answers one message, `Stream` each one, `Fail` with headers alone. */
function startGrpc(port: number, enableConnectProtocol: boolean) {
  const server = http2.createServer({ settings: { enableConnectProtocol } });
  server.on("stream", (stream, headers) => {
    if (headers[":protocol"] === "websocket") return echoFrames(stream);
    const method = `${headers[":path"]}`.split("/").at(-1);
    const head = { ":status": 200, "content-type": "application/grpc" };
    if (method === "Fail") {
      const status = { "grpc-status": "5", "grpc-message": "not here" };
      return stream.respond({ ...head, ...status }, { endStream: true });
    }
    stream.respond({ ...head, "x-backend": name }, { waitForTrailers: true });
    stream.on("wantTrailers", () => {
      stream.sendTrailers({ "grpc-status": "0", "x-trailer": name });
    });
    if (method === "Stream") return stream.pipe(stream);
    stream.on("data", () => {});
    stream.on("end", () => stream.end(message({ name, headers })));
  });
  server.listen(port, "::");
}

/** A WebSocket server whose messages come whole. */
function echoFrames(stream: http2.ServerHttp2Stream) {
  stream.respond({ ":status": 200, "x-backend": name });
  stream.on("data", (octets: Uint8Array) => {
    for (let left = octets; left.length > 0;) {
      const frame = readFrame(left);
      if (frame === undefined) return stream.close();
      const { opcode, payload, length } = frame;
      left = left.subarray(length);
      stream.write(writeFrame(opcode, payload, "server"));
      if (opcode === CLOSE) stream.end();
    }
  });
}

/** A gRPC message: a flag, the length in four octets, the text. */
function message(value: object): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(value));
  const framed = new Uint8Array(5 + text.length);
  new DataView(framed.buffer).setUint32(1, text.length);
  framed.set(text, 5);
  return framed;
}
