/** The same octets give the same events, however they are split. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { mutated, plausibleRequests, plausibleResponses } from "./mutations.ts";
import { ACCEPTED } from "./accepted_requests.ts";
import { REFUSED } from "./refused_requests.ts";
import { get, post } from "./requests.ts";
import {
  type Event,
  exchange,
  newClient,
  newServer,
  octetsOf,
  OK,
  open,
  outputOf,
  POST,
  type Recorder,
} from "./support.ts";

/** The events, with the pieces of a body put together. */
function whole(told: Recorder): Event[] {
  const merged: Event[] = [];
  for (const event of told.take()) {
    const last = merged.at(-1);
    const joins = last?.[0] === "data" && event[0] === "data" &&
      last[1] === event[1];
    if (!joins) merged.push(event);
    else {
      const length = Number(last[2]) + Number(event[2]);
      merged[merged.length - 1] = ["data", event[1], length, event[3]];
    }
  }
  return merged;
}

type Replay = (pieces: readonly Uint8Array[]) => unknown;

/** A server that answers each request when it is complete, then sees the end. */
function serve(pieces: readonly Uint8Array[]) {
  const { server, told } = newServer();
  told.react = ([name, id, ...rest]) => {
    const message = name === "headers" || name === "data";
    if (message && rest.at(-1) === true) {
      server.sendHeaders(exchange(Number(id)), OK, true);
    }
  };
  let error = pieces.map((piece) => server.receive(piece)).at(-1);
  error ??= server.end();
  return {
    events: whole(told),
    bodies: told.bodies,
    output: outputOf(server),
    error: error?.message,
  };
}

/** A client with a request out, that sees the end behind the response. */
function ask(pieces: readonly Uint8Array[]) {
  const { client, told } = newClient();
  open(client, POST, true);
  client.takeOutput();
  let error = pieces.map((piece) => client.receive(piece)).at(-1);
  error ??= client.end();
  return { events: whole(told), bodies: told.bodies, error: error?.message };
}

function cutAt(octets: Uint8Array, place: number): Uint8Array[] {
  return [octets.subarray(0, place), octets.subarray(place)];
}

function eachPlace(replay: Replay, text: string): void {
  const octets = octetsOf(text);
  const expected = replay([octets]);
  for (let place = 1; place < octets.length; place++) {
    const told = replay(cutAt(octets, place));
    assert.deepEqual(told, expected, `${JSON.stringify(text)} cut at ${place}`);
  }
  const single = Array.from(octets, (octet) => Uint8Array.of(octet));
  assert.deepEqual(
    replay(single),
    expected,
    `${JSON.stringify(text)} in octets`,
  );
}

const SHORT = 1_000;

Deno.test("a server does not mind where requests are cut", () => {
  for (const [, octets] of ACCEPTED) {
    if (octets.length < SHORT) eachPlace(serve, octets);
  }
});

Deno.test("a server refuses the same wherever requests are cut", () => {
  for (const [, octets] of REFUSED) {
    if (octets.length < SHORT) eachPlace(serve, octets);
  }
});

Deno.test("a server refuses what is too long wherever it is cut", () => {
  for (const [what, octets] of REFUSED) {
    if (octets.length < SHORT) continue;
    const text = octetsOf(octets);
    const expected = serve([text]);
    for (let place = 1; place < text.length; place += 1_021) {
      assert.deepEqual(serve(cutAt(text, place)), expected, what);
    }
  }
});

Deno.test("a server does not mind where a conversation is cut", () => {
  eachPlace(
    serve,
    get("X: 1\r\n") + post("Content-Length: 3\r\n", "abc") +
      post("Transfer-Encoding: chunked\r\n", "2;x\r\nab\r\n0\r\nY: z\r\n\r\n") +
      "\r\n" + get("Connection: close\r\n"),
  );
});

Deno.test("a client does not mind where responses are cut", () => {
  const early = "HTTP/1.1 103 a\r\nLink: b\r\n\r\n";
  eachPlace(ask, `${early}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab`);
  eachPlace(ask, "HTTP/1.1 200 OK\r\n\r\nuntil the end");
  eachPlace(
    ask,
    "HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nB: c\r\n\r\n",
  );
  eachPlace(ask, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\r");
});

const replays: [string, Replay, fc.Arbitrary<string>][] = [
  ["server", serve, plausibleRequests],
  ["client", ask, plausibleResponses],
];
for (const [role, replay, messages] of replays) {
  Deno.test(`a ${role} does not mind how mutated messages are split`, () => {
    const lengths = fc.array(fc.integer({ min: 0, max: 30 }), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(mutated(messages), lengths, (message, lengths) => {
        const octets = octetsOf(message);
        const pieces: Uint8Array[] = [];
        let at = 0;
        for (const length of lengths) {
          pieces.push(octets.subarray(at, at + length));
          at += length;
        }
        pieces.push(octets.subarray(at));
        assert.deepEqual(replay(pieces), replay([octets]));
      }),
      { numRuns: 1_500 },
    );
  });

  Deno.test(`a ${role} never throws, whatever comes`, () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (pieces) => {
        replay(pieces);
      }),
      { numRuns: 500 },
    );
  });
}
