/** What one end writes, the other reads: our client against our server. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { HeaderList } from "../../../src/wire/http1/mod.ts";
import {
  exchange,
  newClient,
  newServer,
  octetsOf,
  open,
  textOf,
} from "./support.ts";

const TOKEN = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz";
const HOP = new Set([
  "connection",
  "content-length",
  "cookie",
  "expect",
  "host",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
]);

const name = fc.string({
  unit: fc.constantFrom(...TOKEN),
  minLength: 1,
  maxLength: 20,
}).filter((text) => !HOP.has(text));

/** Any octets that a value may have, none blank at the ends. */
const value = fc.array(
  fc.oneof(
    fc.integer({ min: 0x20, max: 0x7e }),
    fc.constant(0x09),
    fc.integer({ min: 0x80, max: 0xff }),
  ),
  { maxLength: 60 },
).map((units) => String.fromCharCode(...units).replace(/^[ \t]+|[ \t]+$/g, ""));

const fields = fc.array(fc.tuple(name, value), { maxLength: 12 });
const path = fc.array(fc.integer({ min: 0x21, max: 0x7e }), { maxLength: 40 })
  .map((units) => `/${String.fromCharCode(...units).replaceAll("#", "")}`);
const body = fc.array(fc.uint8Array({ maxLength: 3_000, size: "max" }), {
  maxLength: 5,
});

interface Message {
  readonly fields: HeaderList;
  readonly body: readonly Uint8Array[];
  /** The length is announced. */
  readonly length: boolean;
  readonly trailers: HeaderList;
}

const message: fc.Arbitrary<Message> = fc.record({
  fields,
  body,
  length: fc.boolean(),
  trailers: fields,
});

function totalOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

/** The head and the body as they are to arrive. */
function expected({ fields, body, length, trailers }: Message) {
  const announced: HeaderList = length
    ? [["content-length", String(totalOf(body))]]
    : [];
  return {
    head: [...fields, ...announced],
    body: body.map(textOf).join(""),
    trailers: length || trailers.length === 0 ? undefined : trailers,
  };
}

interface Sender {
  head(fields: HeaderList): void;
  data(octets: Uint8Array, end: boolean): void;
  trailers(fields: HeaderList): void;
}

function send(sender: Sender, { fields, body, length, trailers }: Message) {
  const total: HeaderList = [["content-length", String(totalOf(body))]];
  sender.head(length ? [...fields, ...total] : fields);
  for (const part of body) sender.data(part, false);
  if (length || trailers.length === 0) sender.data(new Uint8Array(0), true);
  else sender.trailers(trailers);
}

/** Moves octets in pieces of a size. */
function move(
  from: { takeOutput(): Uint8Array[] },
  to: { receive(octets: Uint8Array): Error | undefined },
  size: number,
): void {
  for (const chunk of from.takeOutput()) {
    for (let at = 0; at < chunk.length; at += size) {
      assert.equal(to.receive(chunk.slice(at, at + size)), undefined);
    }
  }
}

/** The list with `content-length`, whose place is ours, at the end. */
function ordered(list: HeaderList = []): HeaderList {
  const isLength = ([name]: HeaderList[number]) => name === "content-length";
  return [...list.filter((f) => !isLength(f)), ...list.filter(isLength)];
}

Deno.test("a request and its response arrive as they were sent", () => {
  const size = fc.constantFrom(1, 7, 100, 100_000);
  fc.assert(
    fc.property(
      path,
      message,
      message,
      size,
      (path, request, response, size) => {
        const { client, told: heard } = newClient();
        const { server, told } = newServer();
        const pseudo: HeaderList = [
          [":method", "POST"],
          [":scheme", "http"],
          [":authority", "[::1]:80"],
          [":path", path],
        ];
        const status: HeaderList = [[":status", "203"]];
        for (const round of [1, 2]) {
          const id = exchange(round);
          send({
            head: (fields) =>
              assert.equal(open(client, [...pseudo, ...fields], false), id),
            data: (octets, end) => client.sendData(id, octets, end),
            trailers: (fields) =>
              assert.equal(client.sendHeaders(id, fields), undefined),
          }, request);
          move(client, server, size);
          send({
            head: (fields) =>
              assert.equal(
                server.sendHeaders(id, [...status, ...fields], false),
                undefined,
              ),
            data: (octets, end) => server.sendData(id, octets, end),
            trailers: (fields) =>
              assert.equal(server.sendHeaders(id, fields, true), undefined),
          }, response);
          move(server, client, size);
          for (
            const [recorder, first, sent] of [
              [told, pseudo, request],
              [heard, status, response],
            ] as const
          ) {
            const wanted = expected(sent);
            const [head, trailers] = recorder.headers;
            assert.deepEqual(ordered(head), [...first, ...wanted.head]);
            assert.equal(recorder.bodies.get(id) ?? "", wanted.body);
            assert.deepEqual(trailers, wanted.trailers);
            recorder.take();
          }
        }
        assert.ok(client.canOpen);
        assert.equal(server.state, "open");
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("whatever header list is written, the other end reads one message of it", () => {
  const wild = fc.array(
    fc.tuple(
      fc.oneof(name, fc.constantFrom(...HOP, ":path", ":status"), fc.string()),
      fc.oneof(value, fc.string({ unit: "binary" }), fc.constant("a\r\nb: c")),
    ),
    { maxLength: 5 },
  );
  let written = 0;
  fc.assert(
    fc.property(wild, fc.boolean(), (list, end) => {
      const { client } = newClient();
      const { server, told } = newServer();
      const head: HeaderList = [
        [":method", "POST"],
        [":authority", "a"],
        [":path", "/"],
      ];
      const id = client.openExchange([...head, ...list], end);
      if (id instanceof Error) return;
      written++;
      const error = server.receive(octetsOf(
        client.takeOutput().map(textOf).join(""),
      ));
      // A peer may refuse what it is told (Expect), not read two messages.
      if (error !== undefined) assert.ok(error.status !== 400, error.message);
      else assert.equal(told.headers.length, 1);
    }),
    { numRuns: 3_000 },
  );
  assert.ok(written > 500, `${written} lists were written`);
});
