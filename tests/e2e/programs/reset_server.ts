// An HBONE server for tests that takes every connection and resets it at its
// first octets, over node:http2: reset_server.ts PORT KEY CHAIN ROOTS (files).
// The HTTP/2 error code is what the port asked for is above 9000. Prints
// "listening".

import { createServer as createHttp2 } from "node:http2";
import type { ServerHttp2Stream } from "node:http2";
import { createServer as createTls } from "node:tls";

const [port = "", key = "", cert = "", ca = ""] = Deno.args;
const CODES_FROM = 9_000;

const http2 = createHttp2();
http2.on("session", (session) => session.on("error", () => {}));
http2.on("stream", (stream: ServerHttp2Stream, headers) => {
  const asked = `${headers[":authority"]}`.split(":").at(-1);
  stream.on("error", () => {});
  stream.respond({ ":status": 200 });
  stream.once("data", () => stream.close(Number(asked) - CODES_FROM));
});

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
