import assert from "node:assert/strict";
import type { HeaderList } from "../../../../src/model/http.ts";
import { ClientConnect } from "../../../../src/proxy/waypoint/upgrade/client_connect.ts";
import { FakeMessage } from "../../../support/fake_message.ts";
import { Recorder } from "../../../support/recorder.ts";

const SWITCH: HeaderList = [
  [":status", "101"],
  ["upgrade", "websocket"],
  ["sec-websocket-accept", "accepted"],
];

function asked() {
  const client = new FakeMessage();
  const stream = new ClientConnect(client);
  const received = new Recorder();
  stream.attach(received);
  const text = () => new TextDecoder().decode(received.octets);
  return { client, stream, received, text };
}

Deno.test("ClientConnect makes a tunnel of a switch", () => {
  const { client, stream, received, text } = asked();
  stream.sendHeaders(SWITCH, false);
  client.data("ping");
  stream.write(new TextEncoder().encode("pong"));
  stream.end();
  client.finish();
  assert.deepEqual(client.sent, [[[":status", "200"]], "pong", "end"]);
  assert.deepEqual([text(), received.calls], ["ping", ["end"]]);
});

Deno.test("ClientConnect keeps what comes before the switch, and takes no more than the window", () => {
  const { client, stream, received, text } = asked();
  stream.resume();
  assert.ok(client.paused);
  client.data("early ");
  client.finish();
  assert.deepEqual([text(), received.calls], ["", []]);
  stream.sendHeaders(SWITCH, false);
  assert.deepEqual([text(), received.calls], ["early ", ["end"]]);
  assert.ok(!client.paused);
});

Deno.test("ClientConnect stays paused through the switch when its reader is", () => {
  const { client, stream } = asked();
  stream.resume();
  stream.pause();
  stream.sendHeaders(SWITCH, false);
  assert.ok(client.paused);
  stream.resume();
  assert.ok(!client.paused);
});

Deno.test("ClientConnect passes informational responses", () => {
  const { client, stream } = asked();
  stream.sendHeaders([[":status", "103"]], false);
  assert.deepEqual(client.sent, [[[":status", "103"]]]);
  stream.sendHeaders(SWITCH, false);
  assert.equal(client.sent.length, 2);
});

const refusals: [status: string, sent: string][] = [
  ["403", "403"],
  ["302", "302"],
  ["200", "502"],
  ["204", "502"],
];
for (const [status, sent] of refusals) {
  Deno.test(`ClientConnect refuses with ${sent} for ${status}, and lets go`, () => {
    const whole = asked();
    whole.client.data("early");
    whole.stream.sendHeaders([[":status", status]], true);
    whole.client.data("late");
    assert.deepEqual(whole.client.sent, [[[":status", sent]], "dismiss"]);
    const body = asked();
    body.stream.sendHeaders([[":status", status]], false);
    body.stream.write(new TextEncoder().encode("no"));
    body.stream.end();
    assert.deepEqual(body.client.sent, [[[":status", sent]], "no", "dismiss"]);
    assert.deepEqual([whole.text(), body.text()], ["", ""]);
  });
}

Deno.test("ClientConnect refuses with trailers, and lets go", () => {
  const { client, stream } = asked();
  stream.sendHeaders([[":status", "403"]], false);
  stream.endWith([["x-sum", "1"]]);
  assert.deepEqual(client.sent, [
    [[":status", "403"]],
    [["x-sum", "1"]],
    "end",
    "dismiss",
  ]);
});

Deno.test("ClientConnect tells at once that the client left", () => {
  const { client, received } = asked();
  client.close(new Error("gone"));
  assert.deepEqual(received.calls, ["error"]);
});
