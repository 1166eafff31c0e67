import assert from "node:assert/strict";
import { readResponse, ResponseError } from "../../src/net/read_response.ts";
import { FakeMessage } from "../support/fake_message.ts";

const HEADERS = [[":status", "200"]] as const;

Deno.test("readResponse() gives head, body and trailers", async () => {
  const message = new FakeMessage();
  const response = readResponse(message, 100);
  message.headers([[":status", "103"]], "informational");
  message.headers(HEADERS);
  message.data("ab");
  message.data("cd");
  message.headers([["grpc-status", "0"]], "trailers", true);
  message.finish();
  message.close();
  assert.deepEqual(await response, {
    headers: HEADERS,
    body: new TextEncoder().encode("abcd"),
    trailers: [["grpc-status", "0"]],
  });
});

Deno.test("readResponse() takes a body of just the limit, and none larger", async () => {
  for (const [text, fits] of [["abc", true], ["abcd", false]] as const) {
    const message = new FakeMessage();
    const response = readResponse(message, 3);
    message.headers(HEADERS);
    message.data(text);
    message.finish();
    if (fits) assert.equal((await response).body.length, 3);
    else {
      await assert.rejects(response, {
        name: "ResponseError",
        message: "Cannot read a response: over 3 octets",
      });
    }
    assert.equal(message.wasReset, !fits);
  }
});

Deno.test("readResponse() says what cut a response", async () => {
  const message = new FakeMessage();
  const response = readResponse(message, 3);
  message.headers(HEADERS);
  message.close(new Error("reset"));
  await assert.rejects(response, (error: unknown) => {
    assert.ok(error instanceof ResponseError);
    assert.equal(error.message, "Cannot read a response: reset");
    assert.equal((error.cause as Error).message, "reset");
    return true;
  });
});

Deno.test("readResponse() says when there was no response at all", async () => {
  const message = new FakeMessage();
  const response = readResponse(message, 3);
  message.finish();
  message.close();
  await assert.rejects(response, {
    message: "Cannot read a response: closed early",
  });
});
