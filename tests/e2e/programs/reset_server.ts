// An HBONE server for tests, of the product's own parts, that takes every
// connection and cancels its stream at the first octets: reset_server.ts PORT
// KEY CHAIN ROOTS (files). Prints "listening".

import { createServer, type TLSSocket } from "node:tls";
import { H2Session } from "../../../src/net/h2_session.ts";
import type { H2Stream } from "../../../src/net/h2_stream.ts";
import { TlsTransport } from "../../../src/net/tls_transport.ts";

const [port = "", key = "", cert = "", ca = ""] = Deno.args;
const WINDOW = 1 << 20;

createServer({
  key: Deno.readTextFileSync(key),
  cert: Deno.readTextFileSync(cert),
  ca: Deno.readTextFileSync(ca),
  requestCert: true,
  rejectUnauthorized: true,
  minVersion: "TLSv1.3",
  ALPNProtocols: ["h2"],
}, serve).listen(
  { port: Number(port), host: "::" },
  () => console.log("listening"),
);

function serve(socket: TLSSocket): void {
  new H2Session(new TlsTransport(socket), {
    role: "server",
    http2: {
      streamWindow: WINDOW,
      connectionWindow: WINDOW,
      frameSize: 16_384,
    },
    onRequest: (stream) => cancel(stream),
  });
}

function cancel(stream: H2Stream): void {
  stream.sendHeaders([[":status", "200"]], false);
  stream.attach({
    onData: () => stream.reset(),
    onEnd() {},
    onDrain() {},
    onClose() {},
  });
}
