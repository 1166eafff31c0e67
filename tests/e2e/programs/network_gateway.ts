// A network gateway for tests, of its own making but for HTTP/2:
// network_gateway.ts PORT KEY CHAIN ROOTS (files) HOSTS (JSON: where the HBONE
// of a host name is). Ends the outer tunnel and hands on what is in it as it
// is. Prints "listening", and the headers of each CONNECT as one JSON object.

import { createServer as createHttp2 } from "node:http2";
import type { ServerHttp2Stream } from "node:http2";
import { connect } from "node:net";
import { createServer as createTls } from "node:tls";

const [port = "", key = "", cert = "", ca = "", hosts = "{}"] = Deno.args;
const HBONE_PORT = 15_008;
const addresses: Readonly<Record<string, string>> = JSON.parse(hosts);

const http2 = createHttp2({
  settings: { initialWindowSize: 1 << 20, maxConcurrentStreams: 200 },
});
http2.on("session", (session) => session.on("error", () => {}));
http2.on("stream", (stream: ServerHttp2Stream, headers) => {
  console.log(JSON.stringify({ ...headers }));
  const [host = ""] = `${headers[":authority"]}`.split(":");
  const to = addresses[host];
  if (to === undefined) return stream.respond({ ":status": 503 });
  handOn(stream, to);
});

function handOn(stream: ServerHttp2Stream, to: string): void {
  const server = connect({ host: to, port: HBONE_PORT, allowHalfOpen: true });
  server.on("connect", () => {
    stream.respond({ ":status": 200 });
    stream.pipe(server);
    server.pipe(stream);
  });
  server.on("error", () => stream.close());
  stream.on("error", () => server.destroy());
  stream.on("close", () => server.end());
}

createTls({
  key: Deno.readTextFileSync(key),
  cert: Deno.readTextFileSync(cert),
  ca: Deno.readTextFileSync(ca),
  requestCert: true,
  rejectUnauthorized: true,
  minVersion: "TLSv1.3",
  ALPNProtocols: ["h2"],
}, (socket) => void http2.emit("connection", socket)).listen(
  { port: Number(port), host: "::" },
  () => console.log("listening"),
);
