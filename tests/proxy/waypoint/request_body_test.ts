import assert from "node:assert/strict";
import { REPLAY_MAX } from "../../../src/proxy/waypoint/limits.ts";
import { Mirror } from "../../../src/proxy/waypoint/mirror.ts";
import { RequestBody } from "../../../src/proxy/waypoint/request_body.ts";
import { FakeMessage } from "../../support/fake_message.ts";

const octets = (text: string) => new TextEncoder().encode(text);

Deno.test("RequestBody waits for a backend, and goes to it whole", () => {
  const body = new RequestBody();
  assert.equal(body.write(octets("a")), false, "nobody takes it yet");
  const backend = new FakeMessage();
  assert.equal(body.flowTo(backend), true);
  assert.equal(body.write(octets("b")), true);
  body.end(undefined);
  assert.deepEqual(backend.sent, ["a", "b", "end"]);
  assert.deepEqual([body.octets, body.ended, body.whole], [2, true, true]);
});

Deno.test("RequestBody goes to another backend from its beginning", () => {
  const body = new RequestBody();
  const [first, second] = [new FakeMessage(), new FakeMessage()];
  body.flowTo(first);
  body.write(octets("a"));
  body.detach();
  assert.equal(body.write(octets("b")), false);
  body.end([["x-sum", "1"]]);
  body.flowTo(second);
  assert.deepEqual(first.sent, ["a"]);
  assert.deepEqual(second.sent, ["a", "b", [["x-sum", "1"]], "end"]);
});

Deno.test("RequestBody is not kept once it is long", () => {
  const body = new RequestBody();
  body.flowTo(new FakeMessage());
  body.write(new Uint8Array(REPLAY_MAX));
  assert.ok(body.whole);
  body.write(new Uint8Array(1));
  assert.ok(!body.whole);
  assert.equal(body.octets, REPLAY_MAX + 1);
});

Deno.test("RequestBody is not kept once a response has begun", () => {
  const body = new RequestBody();
  body.write(octets("a"));
  body.forget();
  const backend = new FakeMessage();
  body.flowTo(backend);
  assert.deepEqual([body.whole, backend.sent], [false, []]);
});

Deno.test("RequestBody ends once", () => {
  const body = new RequestBody();
  const backend = new FakeMessage();
  body.flowTo(backend);
  body.end(undefined);
  body.end([["x", "1"]]);
  assert.deepEqual(backend.sent, ["end"]);
});

Deno.test("RequestBody gives mirrors all of it, whenever they come", () => {
  const body = new RequestBody();
  const copy = new FakeMessage();
  const [early, late] = [new Mirror(), new Mirror()];
  body.mirrorTo(early);
  body.flowTo(new FakeMessage());
  body.write(octets("a"));
  early.start(copy);
  body.write(octets("b"));
  body.end(undefined);
  assert.deepEqual(copy.sent, ["a", "b", "end"]);
  const another = new FakeMessage();
  body.mirrorTo(late);
  late.start(another);
  assert.deepEqual(another.sent, ["a", "b", "end"]);
  for (const mirror of [early, late]) mirror.drop();
});

Deno.test("RequestBody of a client that left resets backend and mirrors", () => {
  const body = new RequestBody();
  const [backend, copy] = [new FakeMessage(), new FakeMessage()];
  const mirror = new Mirror();
  mirror.start(copy);
  body.mirrorTo(mirror);
  body.flowTo(backend);
  body.drop();
  assert.ok(backend.wasReset && copy.wasReset);
});
