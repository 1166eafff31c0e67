import assert from "node:assert/strict";
import { MIRROR_WAITING_MAX } from "../../../src/proxy/waypoint/limits.ts";
import { Mirror } from "../../../src/proxy/waypoint/mirror.ts";
import { FakeMessage } from "../../support/fake_message.ts";

const octets = (text: string) => new TextEncoder().encode(text);

/** A backend that takes one write and no more until it drains. */
class SlowMessage extends FakeMessage {
  override write(octets: Uint8Array): boolean {
    super.write(octets);
    return false;
  }
}

Deno.test("Mirror sends what came before its connection, then the rest", () => {
  const mirror = new Mirror();
  const backend = new FakeMessage();
  mirror.write(octets("a"));
  mirror.start(backend);
  mirror.write(octets("b"));
  mirror.end([["x-sum", "1"]]);
  assert.deepEqual(backend.sent, ["a", "b", [["x-sum", "1"]], "end"]);
  mirror.drop();
});

Deno.test("Mirror waits for a backend that is slow", () => {
  const mirror = new Mirror();
  const backend = new SlowMessage();
  mirror.start(backend);
  for (const text of ["a", "b"]) mirror.write(octets(text));
  mirror.end(undefined);
  assert.deepEqual(backend.sent, ["a"]);
  backend.receiver?.onDrain();
  assert.deepEqual(backend.sent, ["a", "b", "end"]);
  mirror.drop();
});

Deno.test("Mirror gives up a backend that cannot keep up", () => {
  const mirror = new Mirror();
  const backend = new SlowMessage();
  mirror.start(backend);
  mirror.write(octets("a"));
  mirror.write(new Uint8Array(MIRROR_WAITING_MAX));
  assert.ok(!backend.wasReset);
  mirror.write(octets("b"));
  assert.ok(backend.wasReset);
  assert.deepEqual(backend.sent, ["a"]);
});

Deno.test("Mirror resets a connection that came when nobody wanted it any more", () => {
  const mirror = new Mirror();
  mirror.drop();
  const backend = new FakeMessage();
  mirror.start(backend);
  mirror.write(octets("a"));
  assert.ok(backend.wasReset);
  assert.deepEqual(backend.sent, []);
});

Deno.test("Mirror says nothing to a backend that has gone", () => {
  const mirror = new Mirror();
  const backend = new FakeMessage();
  mirror.start(backend);
  backend.close(new Error("gone"));
  mirror.write(octets("a"));
  mirror.end(undefined);
  assert.deepEqual([backend.sent, backend.wasReset], [[], false]);
});
