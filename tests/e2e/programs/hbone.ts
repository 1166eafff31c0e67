// An HBONE client for tests, of its own making but for HTTP/2: reads a
// HboneJob as JSON from standard input, makes all requests on one tunnel, and
// prints an array of HboneAnswer.

import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { Buffer } from "node:buffer";
import type { HboneAnswer, HboneJob, HboneRequest } from "../hbone_job.ts";

const ANSWER_MS = 15_000;

const job: HboneJob = await new Response(Deno.stdin.readable).json();
const answers: HboneAnswer[] = [];
try {
  const session = await open(job);
  if (job.atOnce === true) {
    const asked = job.requests.map((request) => ask(session, request));
    answers.push(...await Promise.all(asked));
  } else {
    for (const request of job.requests) {
      answers.push(await ask(session, request));
    }
  }
} catch (reason) {
  answers.push({ error: `${reason}` });
}
console.log(JSON.stringify(answers));
Deno.exit(0);

async function open({ to, tls }: HboneJob): Promise<ClientHttp2Session> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  const socket = connectTls({
    host: to.ip,
    port: to.port,
    key: tls.keyPem,
    cert: tls.chainPem,
    ca: tls.rootsPem,
    ALPNProtocols: ["h2"],
    minVersion: "TLSv1.3",
    checkServerIdentity: () => undefined,
  });
  socket.on("secureConnect", () => resolve(socket));
  socket.on("error", reject);
  await promise;
  const session = connectHttp2("https://tunnel", {
    createConnection: () => socket,
  });
  session.on("error", () => {}); // each request learns of it
  return session;
}

function ask(
  session: ClientHttp2Session,
  { headers, say }: HboneRequest,
): Promise<HboneAnswer> {
  return new Promise((resolve) => {
    const heard: Uint8Array[] = [];
    let status: number | undefined;
    let baggage: string | undefined;
    const settle = (error?: string) => {
      clearTimeout(timer);
      resolve({
        ...(status === undefined ? {} : { status }),
        ...(baggage === undefined ? {} : { baggage }),
        ...(error === undefined ? {} : { error }),
        heard: Buffer.concat(heard).toString(),
      });
    };
    const timer = setTimeout(() => settle("no end in time"), ANSWER_MS);
    const stream = session.request({ ...headers }, { endStream: false });
    stream.on("response", (fields) => {
      status = Number(fields[":status"]);
      baggage = fields["baggage"] as string | undefined;
      if (status === 200) stream.write(say ?? "");
    });
    stream.on("data", (octets: Uint8Array) => heard.push(octets));
    // Not before the server's: it would take that for a client that left.
    stream.on("end", () => {
      stream.end();
      settle();
    });
    stream.on("error", (reason: Error) => settle(`${reason}`));
    stream.on("close", () => settle("closed"));
  });
}
