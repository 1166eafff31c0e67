import assert from "node:assert/strict";
import { HeldStream } from "../../src/net/held_stream.ts";
import { FakeMessage } from "../support/fake_message.ts";
import { Recorder } from "../support/recorder.ts";

/** Longer than any test; what is to be late says so itself. */
const PATIENCE_MS = 60_000;

const octets = (text: string) => new TextEncoder().encode(text);

function held(): { message: FakeMessage; stream: HeldStream } {
  const message = new FakeMessage();
  return { message, stream: new HeldStream(message) };
}

Deno.test("HeldStream takes nothing until it is asked", () => {
  const { message } = held();
  assert.equal(message.paused, true);
});

Deno.test("HeldStream reads ahead as far as it is asked", async () => {
  const { message, stream } = held();
  const read = stream.readAhead(4, PATIENCE_MS);
  assert.equal(message.paused, false);
  message.data("ab");
  message.data("cde");
  assert.deepEqual(await read, {
    how: "read",
    octets: octets("abcde"),
    isWhole: false,
  });
  assert.equal(message.paused, true);
});

Deno.test("HeldStream reads ahead to the end", async () => {
  const { message, stream } = held();
  const read = stream.readAhead(100, PATIENCE_MS);
  message.data("ab");
  message.finish();
  assert.deepEqual(await read, {
    how: "read",
    octets: octets("ab"),
    isWhole: true,
  });
});

Deno.test("HeldStream knows what came before it", async () => {
  const message = new FakeMessage();
  message.data("ab");
  message.finish();
  const read = await new HeldStream(message).readAhead(100, PATIENCE_MS);
  assert.deepEqual(read, { how: "read", octets: octets("ab"), isWhole: true });
});

Deno.test("HeldStream reads further when it is asked again", async () => {
  const { message, stream } = held();
  message.data("ab");
  assert.deepEqual(await stream.readAhead(1, PATIENCE_MS), {
    how: "read",
    octets: octets("ab"),
    isWhole: false,
  });
  const more = stream.readAhead(3, PATIENCE_MS);
  message.data("c");
  assert.deepEqual(await more, {
    how: "read",
    octets: octets("abc"),
    isWhole: false,
  });
});

Deno.test("HeldStream tells when the peer leaves in the middle", async () => {
  const { message, stream } = held();
  const read = stream.readAhead(4, PATIENCE_MS);
  message.data("ab");
  message.close(new Error("reset"));
  assert.deepEqual(await read, { how: "gone" });
});

Deno.test("HeldStream waits for so long and no longer", async () => {
  const { message, stream } = held();
  const read = stream.readAhead(4, 1);
  message.data("ab");
  assert.deepEqual(await read, { how: "late" });
});

Deno.test("HeldStream gives its receiver everything, in order", async () => {
  const { message, stream } = held();
  message.data("ab");
  await stream.readAhead(1, PATIENCE_MS);
  message.data("c"); // was on its way
  const recorder = new Recorder();
  stream.attach(recorder);
  assert.equal(message.paused, false);
  message.data("d");
  message.finish();
  message.close();
  assert.equal(new TextDecoder().decode(recorder.octets), "abcd");
  assert.deepEqual(recorder.calls, ["end", "close"]);
});

Deno.test("HeldStream gives a later receiver what is left", async () => {
  const { message, stream } = held();
  message.data("ab");
  await stream.readAhead(1, PATIENCE_MS);
  const [first, second] = [new Recorder(), new Recorder()];
  stream.attach(first);
  stream.attach(second);
  message.data("c");
  assert.equal(new TextDecoder().decode(first.octets), "ab");
  assert.equal(new TextDecoder().decode(second.octets), "c");
});

Deno.test("HeldStream keeps trailers behind the body", async () => {
  const { message, stream } = held();
  message.data("ab");
  message.headers([["x-end", "1"]], "trailers", true);
  message.finish();
  await stream.readAhead(10, PATIENCE_MS);
  const seen: string[] = [];
  stream.attach({
    onHeaders: (list, kind, end) => seen.push(`${kind} ${list} ${end}`),
    onData: (chunk) => seen.push(new TextDecoder().decode(chunk)),
    onEnd: () => seen.push("end"),
    onDrain() {},
    onClose() {},
  });
  assert.deepEqual(seen, ["ab", "trailers x-end,1 true", "end"]);
});

Deno.test("HeldStream lets a receiver that has enough stop the peer", async () => {
  const { message, stream } = held();
  message.data("ab");
  await stream.readAhead(1, PATIENCE_MS);
  const recorder = new Recorder();
  stream.attach({
    onData(chunk) {
      recorder.onData(chunk);
      stream.pause();
    },
    onEnd() {},
    onDrain() {},
    onClose() {},
  });
  assert.equal(message.paused, true);
  stream.resume();
  assert.equal(message.paused, false);
});

Deno.test("HeldStream stays paused for a receiver that is not ready", async () => {
  const { message, stream } = held();
  message.data("ab");
  await stream.readAhead(1, PATIENCE_MS);
  stream.pause();
  stream.attach(new Recorder());
  assert.equal(message.paused, true);
});

Deno.test("HeldStream sends as the stream below does", () => {
  const { message, stream } = held();
  stream.sendHeaders([[":status", "200"]], false);
  assert.equal(stream.write(octets("ab")), true);
  stream.end();
  stream.endWith([["a", "b"]]);
  stream.reset();
  assert.equal(message.wasReset, true);
  assert.deepEqual(message.sent, [
    [[":status", "200"]],
    "ab",
    "end",
    [["a", "b"]],
    "end",
  ]);
});
