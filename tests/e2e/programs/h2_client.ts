// An HTTP/2 client for tests: h2_client.ts HOST PORT CALLS
// CALLS is JSON, see `H2Call` in tests/e2e/http_programs.ts; all go out at once
// on one connection. Prints `H2Reply` of each as one line of JSON, in order.
import * as http2 from "node:http2";
import { Buffer } from "node:buffer";

interface Call {
  readonly headers: Record<string, string>;
  readonly chunks: readonly string[];
  readonly pingPong: boolean;
}

const [host = "", port = "", calls = "[]"] = Deno.args;
const session = http2.connect(`http://${host}:${port}`);
session.on("error", () => {});
const replies = await Promise.all((JSON.parse(calls) as Call[]).map(send));
for (const reply of replies) console.log(JSON.stringify(reply));
session.destroy();

function send({ headers, chunks, pingPong }: Call): Promise<object> {
  const stream = session.request(headers, { endStream: chunks.length === 0 });
  const reply = {
    headers: {},
    trailers: {},
    body: "",
    ended: false,
    error: "",
    /** Whether the stream ended with the header list. */
    alone: false,
  };
  const left = [...chunks];
  const next = () => {
    const chunk = left.shift();
    if (chunk !== undefined) stream.write(chunk);
    if (left.length === 0) stream.end();
  };
  stream.on("response", (fields, flags: number) => {
    reply.headers = fields;
    reply.alone = (flags & 1) === 1;
  });
  stream.on("trailers", (fields) => reply.trailers = fields);
  stream.on("data", (octets: Buffer) => {
    reply.body += octets.toString();
    if (pingPong) next();
  });
  stream.on("end", () => reply.ended = true);
  stream.on("error", (error: Error) => reply.error = error.message);
  if (pingPong) next();
  else while (left.length > 0) next();
  return new Promise((resolve) => stream.on("close", () => resolve(reply)));
}
