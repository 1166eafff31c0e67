import assert from "node:assert/strict";
import type { HeaderList } from "../../../src/wire/http1/mod.ts";
import { ACCEPTED } from "./accepted_requests.ts";
import { REFUSED, REFUSED_WITH } from "./refused_requests.ts";
import { exchange, newServer, octetsOf, OK, outputOf } from "./support.ts";

const refusals = [
  ...REFUSED.map(([what, octets, status]) =>
    [what, octets, status, {}] as const
  ),
  ...REFUSED_WITH,
];

for (const [what, octets, status, options] of refusals) {
  Deno.test(`a server refuses ${what} with ${status}`, () => {
    const { server, told } = newServer(options);
    // An exchange that is whole before the fault gets its answer.
    told.react = ([name, id, , , end]) => {
      if (name === "headers" && end) {
        server.sendHeaders(exchange(Number(id)), OK, true);
      }
      if (name === "data" && id === 1 && told.events.at(-1)?.[3] === true) {
        server.sendHeaders(exchange(1), OK, true);
      }
    };
    const error = server.receive(octetsOf(octets));
    assert.equal(error?.status, status, error?.message);
    assert.equal(server.state, "closed");
    const output = outputOf(server);
    const answer = output.slice(output.lastIndexOf("HTTP/1.1 "));
    assert.match(answer, new RegExp(`^HTTP/1.1 ${status} [^\r]+\r\n`));
    assert.match(answer, /\r\nconnection: close[^]*\r\n\r\n$/);
    assert.equal(told.events.filter(([name]) => name === "finished").length, 1);
    assert.equal(server.receive(octetsOf("GET")), error);
  });
}

for (const [what, octets, expected] of ACCEPTED) {
  Deno.test(`a server accepts ${what}`, () => {
    const { server, told } = newServer(expected.options);
    assert.equal(server.receive(octetsOf(octets)), undefined);
    const [head = [], trailers] = told.headers;
    const isPseudo = ([name]: HeaderList[number]) => name.startsWith(":");
    if (expected.pseudo !== undefined) {
      assert.deepEqual(head.filter(isPseudo), expected.pseudo);
    }
    if (expected.fields !== undefined) {
      assert.deepEqual(head.filter((f) => !isPseudo(f)), expected.fields);
    }
    assert.equal(told.bodies.get(1) ?? "", expected.body ?? "");
    assert.deepEqual(trailers, expected.trailers);
    const last = told.take().findLast(([name]) =>
      name === "headers" || name === "data"
    );
    assert.equal(last?.at(-1), true, "the request is complete");
    assert.equal(server.state, "open");
    assert.equal(server.outputLength, 0);
  });
}

Deno.test("a server names HTTP/1.1 to a client of HTTP/1.0", () => {
  const { server } = newServer();
  server.receive(octetsOf("GET / HTTP/1.0\r\n\r\n"));
  assert.match(outputOf(server), /\r\nupgrade: HTTP\/1\.1\r\n/);
});
