import assert from "node:assert/strict";
import { withDescriptor } from "../../src/net/descriptor.ts";
import { StreamResetError } from "../../src/net/h2_stream.ts";
import { type Relay, startRelay } from "../../src/net/relay.ts";
import { TcpStream } from "../../src/net/tcp_stream.ts";
import { libc } from "../../src/sys/libc.ts";
import {
  h2Link,
  type Link,
  quiet,
  relayed,
  relaySuite,
  tcpLink,
} from "../suites/relay_suite.ts";
import { H2Code } from "../../src/wire/h2/mod.ts";
import { makeH2Pair } from "../support/h2_pair.ts";
import { Recorder } from "../support/recorder.ts";
import { makeTcpPair } from "../support/sockets.ts";

const KINDS = {
  "TCP to TCP": [tcpLink, tcpLink],
  "TCP to HTTP/2": [tcpLink, h2Link],
  "HTTP/2 to TCP": [h2Link, tcpLink],
  "HTTP/2 to HTTP/2": [h2Link, h2Link],
} as const;

for (const [name, links] of Object.entries(KINDS)) {
  relaySuite({ name, links, start: startRelay });
}

const SO_SNDBUF = 7;
const SO_RCVBUF = 8;

/** A link whose kernel takes next to nothing towards the test. */
async function narrowLink(): Promise<Link> {
  const tcp = await makeTcpPair();
  const least = new Uint8Array(Int32Array.of(4096).buffer);
  withDescriptor(tcp.server, (fd) => {
    assert.equal(libc.setsockopt(fd, 1, SO_SNDBUF, least, 4), 0);
  });
  withDescriptor(tcp.client, (fd) => {
    assert.equal(libc.setsockopt(fd, 1, SO_RCVBUF, least, 4), 0);
  });
  return {
    outer: new TcpStream(tcp.client),
    inner: new TcpStream(tcp.server),
    [Symbol.asyncDispose]: () => tcp[Symbol.asyncDispose](),
  };
}

Deno.test("startRelay() is not complete while the last octets wait for a slow side", async () => {
  await using r = await relayed({
    name: "",
    links: [tcpLink, narrowLink],
    start: startRelay,
  });
  r.toClient.pause();
  r.toClient.end();
  await r.client.ended();
  let complete = false;
  void r.relay.ended.then(() => complete = true);
  const size = 400 * 1024; // below the mark at which the source is paused
  r.toServer.write(new Uint8Array(size));
  r.toServer.end();
  await quiet();
  assert.equal(r.meter.forwarded, size);
  assert.equal(complete, false);
  r.toClient.resume();
  assert.deepEqual(await r.relay.ended, { how: "complete" });
  await r.server.ended();
  assert.equal(r.server.length, size);
});

/** What a relay's tunnel hears when its TCP end, or we, break the connection off. */
const breaks: [
  name: string,
  code: keyof typeof H2Code,
  act: (app: TcpStream, relay: Relay) => void,
][] = [
  ["a reset of TCP as CONNECT_ERROR", "CONNECT_ERROR", (app) => app.reset()],
  ["a cut as CANCEL", "CANCEL", (_app, relay) => relay.cut()],
];
for (const [name, code, act] of breaks) {
  Deno.test(`startRelay() tells a tunnel of ${name}`, async () => {
    await using tcp = await makeTcpPair();
    await using pair = await makeH2Pair();
    const { near, far } = await pair.stream();
    const app = new TcpStream(tcp.client);
    const heard = new Recorder();
    near.attach(heard);
    const meter = { forward() {}, backward() {} };
    const relay = startRelay(new TcpStream(tcp.server), far, meter);
    near.write(new Uint8Array(1));
    act(app, relay);
    await heard.closed();
    assert.ok(heard.error instanceof StreamResetError);
    assert.equal(heard.error.errorCode, H2Code[code]);
    await relay.ended;
  });
}
