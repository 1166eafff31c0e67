// A client of extended CONNECT for tests: h2_upgrade.ts HOST PORT CALL
// CALL is JSON, see `H2Upgrade` in tests/e2e/http_programs.ts. Prints
// `H2UpgradeReport` as a line of JSON.
//
// Over protocol `websocket` it sends so many messages, each when the answer to
// the one before is there, and closes; over any other one it says hello and ends.
import * as http2 from "node:http2";
import {
  CLOSE,
  type Frame,
  readFrame,
  TEXT,
  writeFrame,
} from "./web_socket_frames.ts";

interface Call {
  readonly protocol: string;
  readonly path: string;
  readonly count: number;
  readonly early: boolean;
}

const [host = "", port = "", json = "{}"] = Deno.args;
const { protocol, path, count, early }: Call = JSON.parse(json);
const report = {
  status: 0,
  headers: {},
  answered: 0,
  code: 0,
  body: "",
  ended: false,
  error: "",
};
const text = (message: string) => new TextEncoder().encode(message);
const session = http2.connect(`http://${host}:${port}`);
session.on("error", (error) => report.error = `${error}`);
session.on("remoteSettings", ({ enableConnectProtocol }) => {
  if (!enableConnectProtocol) throw new Error("the server takes none");
  const stream = session.request({
    ":method": "CONNECT",
    ":protocol": protocol,
    ":scheme": "http",
    ":authority": "upgrade.test",
    ":path": path,
    "sec-websocket-version": "13",
  });
  stream.on("error", (error) => report.error = `${error}`);
  stream.on("end", () => report.ended = true);
  stream.on("close", () => {
    console.log(JSON.stringify(report));
    session.destroy();
  });
  if (protocol === "websocket") talk(stream);
  else greet(stream);
});

function talk(stream: http2.ClientHttp2Stream): void {
  const say = () =>
    stream.write(
      writeFrame(TEXT, text(`message ${report.answered}`), "client"),
    );
  const read = ({ opcode, payload }: Frame) => {
    if (opcode === CLOSE) {
      report.code = (payload[0] ?? 0) * 256 + (payload[1] ?? 0);
      stream.end();
    } else if (
      new TextDecoder().decode(payload) !== `message ${report.answered}`
    ) {
      stream.close();
    } else if (++report.answered < count) say();
    else stream.write(writeFrame(CLOSE, Uint8Array.of(3, 232), "client"));
  };
  let waiting = new Uint8Array();
  // The client may tell of data before it tells of the response.
  const readAll = () => {
    if (report.status === 0) return;
    if (report.status !== 200) {
      report.body += new TextDecoder().decode(waiting);
      waiting = new Uint8Array();
      return;
    }
    for (let frame = readFrame(waiting); frame; frame = readFrame(waiting)) {
      waiting = waiting.slice(frame.length);
      read(frame);
    }
  };
  if (early) say();
  stream.on("response", (headers) => {
    report.status = Number(headers[":status"]);
    report.headers = headers;
    if (report.status === 200 && !early) say();
    readAll();
  });
  stream.on("data", (octets: Uint8Array) => {
    waiting = Uint8Array.of(...waiting, ...octets);
    readAll();
  });
}

function greet(stream: http2.ClientHttp2Stream): void {
  stream.on("response", (headers) => {
    report.status = Number(headers[":status"]);
    report.headers = headers;
    if (report.status === 200) stream.end("hello");
  });
  stream.setEncoding("utf8");
  stream.on("data", (part: string) => report.body += part);
}
