import assert from "node:assert/strict";
import type { HttpRequest } from "../../../src/model/http.ts";
import { ClientBody } from "../../../src/proxy/waypoint/client_body.ts";
import { FakeMessage } from "../../support/fake_message.ts";
import { request } from "../../support/http_samples.ts";

const LIMIT = { sizeMax: 4, allowPartial: false, asOctets: false };
const octets = (text: string) => new TextEncoder().encode(text);

/** @param fields Of the request. */
function sent(fields: Partial<HttpRequest> = {}, exists = true) {
  const message = new FakeMessage();
  const body = new ClientBody(message, request(fields), exists);
  return { message, body };
}

Deno.test("ClientBody gives a body that fits", async () => {
  const { message, body } = sent();
  message.data("abcd");
  message.finish();
  assert.deepEqual(await body.readFor(LIMIT), {
    how: "read",
    body: { octets: octets("abcd"), isPartial: false },
  });
});

Deno.test("ClientBody cuts or refuses a body that does not fit", async () => {
  for (const allowPartial of [true, false]) {
    const { message, body } = sent();
    message.data("abcde");
    assert.deepEqual(
      await body.readFor({ ...LIMIT, allowPartial }),
      allowPartial
        ? { how: "read", body: { octets: octets("abcd"), isPartial: true } }
        : { how: "refused", fault: "oversized" },
    );
  }
});

Deno.test("ClientBody tells when the client leaves", async () => {
  const { message, body } = sent();
  const read = body.readFor(LIMIT);
  message.close(new Error("reset"));
  assert.deepEqual(await read, { how: "gone" });
});

const unread: [name: string, fields: Partial<HttpRequest>, exists: boolean][] =
  [
    ["a request without one", {}, false],
    ["an upgrade", { headers: [["upgrade", "websocket"]] }, true],
    ["a CONNECT", { method: "CONNECT" }, true],
  ];
for (const [name, fields, exists] of unread) {
  Deno.test(`ClientBody waits for no body of ${name}`, async () => {
    const { message, body } = sent(fields, exists);
    const read = await body.readFor(LIMIT);
    assert.deepEqual(read, { how: "read", body: undefined });
    assert.equal(body.stream, message);
  });
}

Deno.test("ClientBody gives leave to send, once, and says so to nobody else", async () => {
  const headers = [["expect", "100-continue"], ["x-one", "1"]] as const;
  const { message, body } = sent({ headers });
  assert.deepEqual(body.headersOnward(headers), headers);
  message.data("ab");
  message.finish();
  await body.readFor(LIMIT);
  await body.readFor(LIMIT);
  assert.deepEqual(message.sent, [[[":status", "100"]]]);
  assert.deepEqual(body.headersOnward(headers), [["x-one", "1"]]);
});
