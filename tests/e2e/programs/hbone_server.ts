// An HBONE server for tests, of its own making but for HTTP/2:
// hbone_server.ts PORT KEY CHAIN ROOTS (files). Every CONNECT is answered with
// 200 and one HTTP response inside, and the connection closes after it. Prints
// "listening", and one JSON object per request: a `SeenConnect`.

import {
  createServer as createHttp2,
  type ServerHttp2Stream,
} from "node:http2";
import { createServer as createTls, type TLSSocket } from "node:tls";
import type { SeenConnect } from "../mixed_mesh_sidecar.ts";

const [port = "", key = "", cert = "", ca = ""] = Deno.args;
const BODY = "from a server of its own\n";
const RESPONSE = `HTTP/1.1 200 OK\r\ncontent-length: ${BODY.length}\r\n` +
  `connection: close\r\n\r\n${BODY}`;

const http2 = createHttp2();
const tls = createTls({
  key: Deno.readTextFileSync(key),
  cert: Deno.readTextFileSync(cert),
  ca: Deno.readTextFileSync(ca),
  requestCert: true,
  rejectUnauthorized: true,
  minVersion: "TLSv1.3",
  ALPNProtocols: ["h2"],
}, serve);
tls.on("tlsClientError", (reason) => console.log(`${reason}`));
tls.listen({ port: Number(port), host: "::" }, () => console.log("listening"));

function serve(socket: TLSSocket): void {
  const { serialNumber, subjectaltname } = socket.getPeerCertificate();
  http2.once("session", (session) => {
    session.on("error", (reason) => console.log(`${reason}`));
    session.on("stream", (stream: ServerHttp2Stream, headers) => {
      const seen: SeenConnect = {
        serialNumber: BigInt(`0x${serialNumber}`).toString(),
        names: subjectaltname ?? "",
        headers: Object.entries(headers).map((
          [name, value],
        ) => [name, `${value}`]),
      };
      console.log(JSON.stringify(seen));
      stream.respond({ ":status": 200 });
      stream.once("data", () => stream.end(RESPONSE));
      stream.once("close", () => session.close());
    });
  });
  http2.emit("connection", socket);
}
