import assert from "node:assert/strict";
import type { ByteStream } from "../../src/net/byte_stream.ts";
import { StreamResetError } from "../../src/net/h2_stream.ts";
import { PEEK_MAX, PeekedStream } from "../../src/net/peeked_stream.ts";
import { TcpStream } from "../../src/net/tcp_stream.ts";
import { H2Code } from "../../src/wire/h2/mod.ts";
import { byteStreamSuite } from "../suites/byte_stream_suite.ts";
import { makeH2Pair } from "../support/h2_pair.ts";
import { Recorder } from "../support/recorder.ts";
import { makeTcpPair } from "../support/sockets.ts";

byteStreamSuite("PeekedStream", async () => {
  const tcp = await makeTcpPair();
  return {
    near: new PeekedStream(new TcpStream(tcp.client)),
    far: new PeekedStream(new TcpStream(tcp.server)),
    [Symbol.asyncDispose]: () => tcp[Symbol.asyncDispose](),
  };
});

const carriers: [
  name: string,
  make: () => Promise<{ near: ByteStream; far: ByteStream } & AsyncDisposable>,
][] = [
  ["TCP", async () => {
    const tcp = await makeTcpPair();
    return {
      near: new TcpStream(tcp.client),
      far: new TcpStream(tcp.server),
      [Symbol.asyncDispose]: () => tcp[Symbol.asyncDispose](),
    };
  }],
  ["a tunnel", async () => {
    const pair = await makeH2Pair();
    return {
      ...await pair.stream(),
      [Symbol.asyncDispose]: () => pair[Symbol.asyncDispose](),
    };
  }],
];

const text = (octets: Uint8Array) => new TextDecoder().decode(octets);
const octets = (letters: string) => new TextEncoder().encode(letters);
const quiet = () => new Promise((resolve) => setTimeout(resolve, 50));
/** Knows what it is once there is a full stop. */
const verdict = (first: Uint8Array) =>
  text(first).includes(".") ? text(first) : undefined;

for (const [name, make] of carriers) {
  Deno.test(`PeekedStream.decide() is asked again with what comes, over ${name}`, async () => {
    await using pair = await make();
    pair.near.attach(new Recorder());
    const peeked = new PeekedStream(pair.far);
    const decided = peeked.decide(verdict, 10_000);
    for (const letters of ["ab", "cd", "e."]) {
      pair.near.write(octets(letters));
      await quiet();
    }
    assert.equal(await decided, "abcde.");
    const taken = new Recorder();
    peeked.attach(taken);
    pair.near.write(octets("fg"));
    pair.near.end();
    await taken.ended();
    assert.equal(text(taken.octets), "abcde.fg");
  });

  Deno.test(`PeekedStream.decide() gives up, and loses nothing, over ${name}`, async () => {
    await using pair = await make();
    pair.near.attach(new Recorder());
    const peeked = new PeekedStream(pair.far);
    pair.near.write(octets("ab"));
    assert.equal(await peeked.decide(verdict, 30), undefined);
    pair.near.write(octets("cd"));
    await quiet();
    const taken = new Recorder();
    peeked.attach(taken);
    pair.near.end();
    await taken.ended();
    assert.equal(text(taken.octets), "abcd");
  });

  for (const end of ["end", "reset"] as const) {
    Deno.test(`PeekedStream.decide() gives up at the ${end}, over ${name}`, async () => {
      await using pair = await make();
      pair.near.attach(new Recorder());
      const peeked = new PeekedStream(pair.far);
      const decided = peeked.decide(verdict, 10_000);
      pair.near[end]();
      assert.equal(await decided, undefined);
    });
  }

  Deno.test(`PeekedStream.decide() looks at no more than ${PEEK_MAX} octets, over ${name}`, async () => {
    await using pair = await make();
    pair.near.attach(new Recorder());
    const peeked = new PeekedStream(pair.far);
    let most = 0;
    const decided = peeked.decide((first) => {
      most = Math.max(most, first.length);
      return undefined;
    }, 10_000);
    pair.near.write(new Uint8Array(100_000));
    assert.equal(await decided, undefined);
    assert.equal(most, PEEK_MAX);
  });
}

Deno.test("PeekedStream.reset() tells the far end of a tunnel whether it passes a reset on", async () => {
  await using pair = await makeH2Pair();
  const { near, far } = await pair.stream();
  const heard = new Recorder();
  near.attach(heard);
  new PeekedStream(far).reset(true);
  await heard.closed();
  assert.ok(heard.error instanceof StreamResetError);
  assert.equal(heard.error.errorCode, H2Code.CONNECT_ERROR);
});
