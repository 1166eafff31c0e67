import assert from "node:assert/strict";
import * as http2 from "node:http2";
import type { HeaderList } from "../../../src/model/http.ts";
import { DialError } from "../../../src/net/errors.ts";
import { H2Session } from "../../../src/net/h2_session.ts";
import type { MessageStream } from "../../../src/net/message_stream.ts";
import { readResponse } from "../../../src/net/read_response.ts";
import { TcpStream } from "../../../src/net/tcp_stream.ts";
import { StreamTransport } from "../../../src/net/transport.ts";
import {
  type Hop,
  type HttpVersion,
  Upstreams,
} from "../../../src/proxy/waypoint/upstreams.ts";
import { HTTP2 } from "../../support/h2_pair.ts";
import { TestProxy } from "../../support/proxy_context.ts";
import { Recorder } from "../../support/recorder.ts";
import { at, pod } from "../../support/sample_mesh.ts";
import { freePort, TestListener } from "../../support/sockets.ts";

const GET: HeaderList = [
  [":method", "GET"],
  [":scheme", "http"],
  [":authority", "web"],
  [":path", "/"],
];
const UPGRADE: HeaderList = [
  ...GET,
  ["upgrade", "websocket"],
  ["sec-websocket-version", "13"],
  ["sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="],
];
const ACCEPT = ["sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="];

function upstreamsTo(port: number) {
  const { context, served } = new TestProxy();
  const hop: Hop = {
    route: {
      kind: "tcp",
      to: at("127.0.0.1", port),
      passthrough: false,
      destination: pod("web", ["127.0.0.1"]),
      service: undefined,
    },
    pod: served,
    workload: pod("waypoint", ["127.0.0.1"]),
    hops: 1,
  };
  const upstreams = new Upstreams(context);
  const open = (version: HttpVersion, headers = GET, end = true) =>
    upstreams.open(hop, version, { headers, end });
  return { upstreams, open };
}

const textOf = async (stream: MessageStream): Promise<string> =>
  new TextDecoder().decode((await readResponse(stream, 1_000)).body);

/** A server that says which of its connections a request came by. */
async function withServer(
  run: (port: number) => Promise<void>,
  handler?: (request: Request) => Response | Promise<Response>,
): Promise<void> {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request, { remoteAddr }) =>
      handler?.(request) ?? new Response(`${remoteAddr.port}`),
  );
  try {
    await run(server.addr.port);
  } finally {
    await server.shutdown();
  }
}

for (const version of ["http1", "http2"] as const) {
  Deno.test(`Upstreams sends one request after another by one connection: ${version}`, async () => {
    await withServer(async (port) => {
      const { upstreams, open } = upstreamsTo(port);
      const first = await textOf(await open(version));
      // The connection is kept a turn after the answer's end.
      await new Promise((resolve) => setTimeout(resolve, 0));
      assert.equal(await textOf(await open(version)), first);
      upstreams.drain();
    });
  });

  Deno.test(`Upstreams sends requests at once as ${version} wants it`, async () => {
    await withServer(async (port) => {
      const { upstreams, open } = upstreamsTo(port);
      const streams = await Promise.all([1, 2, 3].map(() => open(version)));
      const ports = new Set(await Promise.all(streams.map(textOf)));
      assert.equal(ports.size, version === "http1" ? 3 : 1);
      upstreams.drain();
    });
  });

  Deno.test(`Upstreams says when nobody answers: ${version}`, async () => {
    const { open } = upstreamsTo(freePort());
    await assert.rejects(open(version), DialError);
  });

  Deno.test(`Upstreams closes what is idle when it drains: ${version}`, async () => {
    const port = freePort();
    await using listener = new TestListener(port);
    const { upstreams, open } = upstreamsTo(port);
    const opened = open(version);
    const { socket } = await listener.accept();
    const ended = new Promise((resolve) => socket.once("end", resolve));
    if (version === "http1") socket.resume();
    const answered = version === "http2" ? serveOne(socket) : undefined;
    const stream = await opened;
    if (answered === undefined) {
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    }
    assert.equal(await textOf(stream), "ok");
    await new Promise((resolve) => setTimeout(resolve, 0));
    upstreams.drain();
    if (version === "http1") await ended;
    else await answered;
  });
}

/** Serves HTTP/2 on a socket until its client has gone. */
function serveOne(socket: ConstructorParameters<typeof TcpStream>[0]) {
  return new Promise<void>((resolve) => {
    new H2Session(new StreamTransport(new TcpStream(socket)), {
      role: "server",
      http2: HTTP2,
      onRequest(stream) {
        stream.sendHeaders([[":status", "200"]], false);
        stream.write(new TextEncoder().encode("ok"));
        stream.end();
      },
      onClosed: () => resolve(),
    });
  });
}

Deno.test("Upstreams keeps no connection on which a request could not be written", async () => {
  await withServer(async (port) => {
    const { upstreams, open } = upstreamsTo(port);
    const headers = [
      ...GET.slice(0, 2),
      [":authority", "a b"],
      ...GET.slice(3),
    ];
    await assert.rejects(
      open("http1", headers as HeaderList),
      /authority "a b"/,
    );
    assert.match(await textOf(await open("http1")), /^\d+$/);
    upstreams.drain();
  });
});

/** What an upgrade is answered; the rest is read as octets. */
async function upgraded(open: Promise<MessageStream>) {
  const stream = await open;
  const recorder = new Recorder();
  const answer = Promise.withResolvers<HeaderList>();
  stream.attach({
    onHeaders: (headers, kind) => {
      if (kind === "response") answer.resolve(headers);
    },
    onData: (octets) => recorder.onData(octets),
    onEnd: () => recorder.onEnd(),
    onDrain: () => recorder.onDrain(),
    onClose: (error) => {
      recorder.onClose(error);
      answer.reject(error);
    },
  });
  return { stream, recorder, headers: await answer.promise };
}

/** A masked text frame `hi` of a client, and the same of a server. */
const FRAME = Uint8Array.of(0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69);
const ECHO = [0x81, 0x02, 0x68, 0x69];

for (const version of ["http1", "http2"] as const) {
  Deno.test(`Upstreams upgrades over HTTP/1.1 where extended CONNECT is not taken: ${version}`, async () => {
    await withServer(async (port) => {
      const { upstreams, open } = upstreamsTo(port);
      const { stream, recorder, headers } = await upgraded(
        open(version, UPGRADE),
      );
      assert.deepEqual(headers[0], [":status", "101"]);
      assert.ok(headers.some((field) => `${field}` === `${ACCEPT}`));
      stream.write(FRAME);
      await recorder.until(() => recorder.length === ECHO.length);
      assert.deepEqual([...recorder.octets], ECHO);
      stream.reset();
      await recorder.closed();
      upstreams.drain();
    }, (request) => {
      const { socket, response } = Deno.upgradeWebSocket(request);
      socket.onmessage = ({ data }) => socket.send(data);
      socket.onerror = () => {};
      return response;
    });
  });
}

Deno.test("Upstreams upgrades by extended CONNECT where it is taken", async () => {
  const server = http2.createServer({
    settings: { enableConnectProtocol: true },
  });
  const asked: Record<string, unknown>[] = [];
  server.on("stream", (stream, headers) => {
    asked.push({ ...headers });
    stream.respond({ ":status": 200 });
    stream.pipe(stream);
  });
  const port = freePort();
  await new Promise<void>((resolve) =>
    server.listen(port, "127.0.0.1", resolve)
  );
  const { upstreams, open } = upstreamsTo(port);
  const { stream, recorder, headers } = await upgraded(open("http2", UPGRADE));
  assert.deepEqual(headers[0], [":status", "101"]);
  assert.ok(headers.some((field) => `${field}` === `${ACCEPT}`));
  stream.write(FRAME);
  stream.end();
  await recorder.ended();
  assert.deepEqual([...recorder.octets], [...FRAME]);
  assert.deepEqual(
    [asked[0]?.[":method"], asked[0]?.[":protocol"], asked[0]?.[":path"]],
    ["CONNECT", "websocket", "/"],
  );
  assert.equal(asked[0]?.["sec-websocket-key"], undefined);
  upstreams.drain();
  await recorder.closed();
  await new Promise((resolve) => server.close(resolve));
});

Deno.test("Upstreams offers no upgrade over HTTP/2 of a request with a body", async () => {
  await withServer(
    async (port) => {
      const { upstreams, open } = upstreamsTo(port);
      const post = [[":method", "POST"] as const, ...UPGRADE.slice(1)];
      const stream = await open("http2", post, false);
      stream.end();
      assert.equal(await textOf(stream), "POST null");
      upstreams.drain();
    },
    (request) =>
      new Response(`${request.method} ${request.headers.get("upgrade")}`),
  );
});
