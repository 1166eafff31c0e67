/** Our reading against llhttp's: what we accept, it reads in the same way. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { HeaderList } from "../../../src/wire/http1/mod.ts";
import { askOracle, type OracleMessage } from "./llhttp.ts";
import { mutated, plausibleRequests, plausibleResponses } from "./mutations.ts";
import { ACCEPTED } from "./accepted_requests.ts";
import { REFUSED } from "./refused_requests.ts";
import { get } from "./requests.ts";
import {
  exchange,
  GET,
  HEAD,
  newClient,
  newServer,
  octetsOf,
  OK,
  open,
  type Recorder,
} from "./support.ts";

for (const [what, octets, , oracleAccepts] of REFUSED) {
  const verb = oracleAccepts === undefined ? "refuses" : "accepts";
  Deno.test(`llhttp ${verb} ${what}`, () => {
    const { accepted } = askOracle("request", octets);
    assert.equal(accepted, oracleAccepts !== undefined, oracleAccepts);
  });
}

for (const [what, octets, { body = "" }] of ACCEPTED) {
  if (what === "another method") continue; // It knows a list of them.
  Deno.test(`llhttp reads ${what} as we do`, () => {
    const { accepted, messages } = askOracle("request", octets);
    assert.ok(accepted);
    assert.equal(messages.length, 1);
    assert.equal(messages[0]?.body, body);
  });
}

const INVALID_METHOD = "HPE 6";

/** A message as both sides can tell it. */
interface Message {
  readonly fields: readonly string[];
  readonly body: string;
}

/** Fields that we leave out, change or add. */
const OURS = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
]);

function comparable(fields: HeaderList, body: string): Message {
  const named = fields.filter(([name]) => name.toLowerCase() === "connection")
    .flatMap(([, value]) => value.toLowerCase().split(/[ \t]*,[ \t]*/));
  const kept = fields.map(([name, value]) =>
    [name.toLowerCase(), value.replace(/^[ \t]+|[ \t]+$/g, "")] as const
  ).filter(([name]) =>
    !name.startsWith(":") && !OURS.has(name) && !named.includes(name)
  );
  return { fields: kept.map(([name, value]) => `${name}: ${value}`), body };
}

function ofOracle(messages: readonly OracleMessage[]): Message[] {
  return messages.filter(({ complete }) => complete)
    .map(({ fields, body }) => comparable(fields, body));
}

/** The complete messages that were told, trailers behind their fields. */
function told(recorder: Recorder): Message[] {
  const fields = new Map<number, HeaderList>();
  const complete = new Set<number>();
  for (const [name, id, ...rest] of recorder.events) {
    if (name === "headers" && rest[1] !== "informational") {
      const before = fields.get(Number(id)) ?? [];
      fields.set(Number(id), [...before, ...rest[0] as HeaderList]);
    }
    const message = name === "headers" || name === "data";
    if (message && rest.at(-1) === true) complete.add(Number(id));
  }
  return [...complete].map((id) =>
    comparable(fields.get(id) ?? [], recorder.bodies.get(id) ?? "")
  );
}

/** Answers every request that is complete. */
function serve(octets: string): Message[] {
  const { server, told: recorder } = newServer();
  recorder.react = ([name, id, ...rest]) => {
    const message = name === "headers" || name === "data";
    if (!message || rest.at(-1) !== true) return;
    server.sendHeaders(exchange(Number(id)), OK, true);
  };
  server.receive(octetsOf(octets));
  return told(recorder);
}

Deno.test("a server that accepts a request reads it as llhttp does", () => {
  let accepted = 0;
  const marker = get("X-Marker: 1\r\n");
  fc.assert(
    fc.property(mutated(plausibleRequests), (request) => {
      const octets = request + marker;
      const ours = serve(octets);
      accepted += ours.length;
      const { error, messages } = askOracle("request", octets);
      const theirs = ofOracle(messages);
      // It knows a list of methods only.
      const seen = error === INVALID_METHOD ? theirs.length : Infinity;
      assert.deepEqual(ours.slice(0, seen), theirs.slice(0, ours.length));
    }),
    { numRuns: 6_000 },
  );
  assert.ok(accepted > 2_000, `${accepted} requests were accepted`);
});

for (const request of [GET, HEAD]) {
  Deno.test(`a client that accepts a response to ${request[0]![1]} reads it as llhttp does`, () => {
    let accepted = 0;
    const bodiless = request === HEAD;
    fc.assert(
      fc.property(mutated(plausibleResponses), (octets) => {
        const { client, told: recorder } = newClient();
        open(client, request, true);
        client.takeOutput();
        const error = client.receive(octetsOf(octets));
        if (error === undefined) client.end();
        const ours = told(recorder);
        accepted += ours.length;
        const all = askOracle("response", octets, { bodiless });
        const theirs = all.messages.map(({ fields, body }) =>
          comparable(fields, body)
        );
        for (const message of ours) {
          // Informational responses are messages to llhttp; a body that the
          // connection's end completes is not complete to it.
          const same = theirs.some((other) =>
            JSON.stringify(other) === JSON.stringify(message)
          );
          assert.ok(same, JSON.stringify({ message, theirs }));
        }
      }),
      { numRuns: 3_000 },
    );
    assert.ok(accepted > 500, `${accepted} responses were accepted`);
  });
}
