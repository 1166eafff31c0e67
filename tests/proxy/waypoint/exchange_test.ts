import assert from "node:assert/strict";
import type { HeaderList } from "../../../src/model/http.ts";
import { HttpExchange } from "../../../src/proxy/waypoint/exchange.ts";
import { Mirror } from "../../../src/proxy/waypoint/mirror.ts";
import { FakeMessage } from "../../support/fake_message.ts";

const OK: HeaderList = [[":status", "200"]];
const SWITCH: HeaderList = [[":status", "101"]];

const OPTIONS = {
  attemptMs: undefined,
  requestMs: undefined,
  accept: (headers: HeaderList): HeaderList | undefined => headers,
};

function exchangeOf(hasBody: boolean) {
  const client = new FakeMessage();
  const exchange = new HttpExchange(client, hasBody);
  const attempt = (options = OPTIONS) => {
    const backend = new FakeMessage();
    return { backend, ended: exchange.attempt(backend, options) };
  };
  return { client, exchange, attempt };
}

Deno.test("HttpExchange carries a request and its response", async () => {
  const { client, exchange, attempt } = exchangeOf(true);
  assert.ok(client.paused);
  const { backend, ended } = attempt();
  assert.ok(!client.paused);
  client.data("request");
  client.finish();
  backend.headers(OK);
  backend.data("response");
  backend.finish();
  assert.equal((await ended).how, "answered");
  assert.deepEqual(backend.sent, ["request", "end"]);
  assert.deepEqual(client.sent, [OK, "response", "end"]);
  assert.deepEqual([exchange.requestOctets, exchange.responseOctets], [7, 8]);
});

Deno.test("HttpExchange gives the next backend the body from its beginning", async () => {
  const { client, exchange, attempt } = exchangeOf(true);
  const first = attempt();
  client.data("a");
  first.backend.close(new Error("no"));
  assert.equal((await first.ended).how, "broken");
  assert.ok(client.paused && exchange.repeatable);
  client.finish();
  const second = attempt();
  assert.deepEqual(second.backend.sent, ["a", "end"]);
  second.backend.headers(OK, "response", true);
  second.backend.finish();
  await second.ended;
  assert.ok(!exchange.repeatable);
});

Deno.test("HttpExchange repeats after a response that was declined", async () => {
  const { exchange, attempt } = exchangeOf(false);
  const first = attempt({ ...OPTIONS, accept: () => undefined });
  first.backend.headers([[":status", "503"]]);
  assert.equal((await first.ended).how, "declined");
  assert.ok(exchange.repeatable);
});

Deno.test("HttpExchange of a client that left resets the backend, and the next", async () => {
  const { client, exchange, attempt } = exchangeOf(true);
  const { backend, ended } = attempt();
  client.close(new Error("gone"));
  assert.deepEqual(await ended, { how: "client-gone" });
  assert.ok(backend.wasReset && exchange.clientGone && !exchange.repeatable);
  const next = attempt();
  assert.deepEqual(await next.ended, { how: "client-gone" });
  assert.ok(next.backend.wasReset);
});

Deno.test("HttpExchange takes the end of a request without a body for no end of a tunnel", async () => {
  const { client, attempt } = exchangeOf(false);
  client.finish();
  const { backend, ended } = attempt();
  assert.deepEqual(backend.sent, []);
  backend.headers(SWITCH);
  client.data("to");
  backend.data("fro");
  client.finish();
  backend.finish();
  backend.close();
  assert.equal((await ended).how, "answered");
  assert.deepEqual(backend.sent, ["to", "end"]);
  assert.deepEqual(client.sent, [SWITCH, "fro", "end"]);
});

Deno.test("HttpExchange lets go of a client that sends to a backend which has answered", async () => {
  const { client, attempt } = exchangeOf(true);
  const { backend, ended } = attempt();
  backend.headers(SWITCH);
  backend.finish();
  backend.close();
  await ended;
  assert.equal(client.sent.at(-1), "dismiss");
});

for (const hasBody of [true, false]) {
  Deno.test(`HttpExchange ends a mirror's copy, with a body: ${hasBody}`, () => {
    const { client, exchange } = exchangeOf(hasBody);
    const mirror = new Mirror();
    const copy = new FakeMessage();
    exchange.mirror(mirror);
    mirror.start(copy);
    if (hasBody) {
      client.data("a");
      client.finish();
    }
    assert.deepEqual(copy.sent, hasBody ? ["a", "end"] : ["end"]);
    mirror.drop();
  });
}
