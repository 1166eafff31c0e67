import assert from "node:assert/strict";
import { DISCARD_MAX } from "../../../src/proxy/waypoint/limits.ts";
import { sendReply } from "../../../src/proxy/waypoint/reply.ts";
import { FakeMessage } from "../../support/fake_message.ts";

const reply = (body: string | Uint8Array) => ({
  status: 403,
  headers: [["content-length", "2"]] as const,
  body,
});
const HEAD = [[":status", "403"], ["content-length", "2"]];

const rows: [
  method: string,
  body: string | Uint8Array,
  sent: unknown[],
  octets: number,
][] = [
  ["GET", "no", [HEAD, "no", "end"], 2],
  ["GET", Uint8Array.of(0x6e, 0x6f), [HEAD, "no", "end"], 2],
  ["GET", "", [HEAD], 0],
  ["HEAD", "no", [HEAD], 0],
];
for (const [method, body, sent, octets] of rows) {
  Deno.test(`sendReply() answers ${method} with ${octets} octets of ${typeof body}`, () => {
    const client = new FakeMessage();
    assert.equal(sendReply(client, reply(body), method), octets);
    assert.deepEqual(client.sent, sent);
  });
}

Deno.test("sendReply() reads the rest of a request away, up to a limit", () => {
  const client = new FakeMessage();
  client.pause();
  sendReply(client, reply("no"), "POST");
  assert.ok(!client.paused);
  client.receiver?.onData(new Uint8Array(DISCARD_MAX));
  assert.ok(!client.sent.includes("dismiss"));
  client.receiver?.onData(new Uint8Array(1));
  assert.ok(client.sent.includes("dismiss"));
});
