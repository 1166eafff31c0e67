import assert from "node:assert/strict";
import type { HeaderList } from "../../../src/model/http.ts";
import {
  Attempt,
  type AttemptEnd,
  type AttemptOptions,
} from "../../../src/proxy/waypoint/attempt.ts";
import { FakeMessage } from "../../support/fake_message.ts";

const OK: HeaderList = [[":status", "200"]];
const SWITCH: HeaderList = [[":status", "101"]];
const LOST = new Error("lost");

/** A client that has room for one write at a time. */
class SlowClient extends FakeMessage {
  override write(octets: Uint8Array): boolean {
    super.write(octets);
    return false;
  }
}

function begun(
  options: Partial<AttemptOptions> = {},
  client = new FakeMessage(),
) {
  const backend = new FakeMessage();
  let unwanted = 0;
  const attempt = new Attempt(client, backend, {
    attemptMs: undefined,
    requestMs: undefined,
    accept: (headers) => headers,
    onBodyUnwanted: () => unwanted++,
    ...options,
  });
  attempt.start();
  return { attempt, client, backend, unwanted: () => unwanted };
}

type Parts = ReturnType<typeof begun>;

const rows: [
  name: string,
  run: (parts: Parts) => void,
  end: AttemptEnd,
  sent: FakeMessage["sent"],
][] = [
  [
    "passes a whole response",
    ({ backend }) => {
      backend.headers([[":status", "103"]], "informational");
      backend.headers(OK);
      backend.data("body");
      backend.finish();
    },
    { how: "answered", status: 200, cut: undefined },
    [[[":status", "103"]], OK, "body", "end"],
  ],
  [
    "passes trailers",
    ({ backend }) => {
      backend.headers(OK);
      backend.headers([["x-sum", "1"]], "trailers", true);
      backend.finish();
    },
    { how: "answered", status: 200, cut: undefined },
    [OK, [["x-sum", "1"]], "end", "end"],
  ],
  [
    "tells of a backend that says nothing",
    ({ backend }) => backend.close(LOST),
    { how: "broken", error: LOST },
    [],
  ],
  [
    "tells of a backend that ends without a word",
    ({ backend }) => backend.close(),
    { how: "broken", error: undefined },
    [],
  ],
  [
    "tells of a backend that ends in its answer",
    ({ backend }) => {
      backend.headers(OK);
      backend.data("bo");
      backend.close(LOST);
    },
    { how: "answered", status: 200, cut: "backend" },
    [OK, "bo"],
  ],
  [
    "tells of a client that leaves before the answer",
    ({ attempt }) => attempt.clientGone(),
    { how: "client-gone" },
    [],
  ],
  [
    "tells of a client that leaves in the answer",
    ({ attempt, backend }) => {
      backend.headers(OK);
      attempt.clientGone();
      backend.data("late");
    },
    { how: "answered", status: 200, cut: "client" },
    [OK],
  ],
  [
    "goes on with the other half of a connection that switched",
    ({ backend }) => {
      backend.headers(SWITCH);
      backend.finish();
      backend.close();
    },
    { how: "answered", status: 101, cut: undefined },
    [SWITCH, "end"],
  ],
];
for (const [name, run, end, sent] of rows) {
  Deno.test(`Attempt ${name}`, async () => {
    const parts = begun();
    run(parts);
    assert.deepEqual(await parts.attempt.ended, end);
    assert.deepEqual(parts.client.sent, sent);
  });
}

Deno.test("Attempt keeps a response from the client that is not wanted", async () => {
  const { attempt, client, backend } = begun({ accept: () => undefined });
  backend.headers(OK);
  backend.data("body");
  assert.deepEqual(await attempt.ended, { how: "declined", headers: OK });
  assert.ok(backend.wasReset);
  assert.deepEqual(client.sent, []);
});

Deno.test("Attempt sends the headers that were made of a response's", () => {
  const { client, backend } = begun({ accept: () => [[":status", "201"]] });
  backend.headers(OK);
  assert.deepEqual(client.sent, [[[":status", "201"]]]);
});

Deno.test("Attempt cuts the client's connection with the backend's", async () => {
  const { attempt, client, backend } = begun();
  backend.headers(OK);
  backend.close();
  await attempt.ended;
  assert.ok(client.wasReset);
});

Deno.test("Attempt tells when the backend has gone, and the client still sends", async () => {
  const { attempt, backend, unwanted } = begun();
  backend.headers(SWITCH);
  backend.finish();
  backend.close();
  await attempt.ended;
  assert.equal(unwanted(), 1);
});

Deno.test("Attempt holds a backend while the client is slow", () => {
  const { attempt, backend } = begun({}, new SlowClient());
  backend.headers(OK);
  backend.data("a");
  assert.ok(backend.paused);
  attempt.resume();
  assert.ok(!backend.paused);
  assert.equal(attempt.octets, 1);
});

Deno.test("Attempt gives up a backend that does not begin in time", async () => {
  for (const options of [{ attemptMs: 1 }, { requestMs: 1 }]) {
    const { attempt, backend } = begun(options);
    assert.deepEqual(await attempt.ended, { how: "timeout" });
    assert.ok(backend.wasReset);
  }
});

Deno.test("Attempt cuts a response that does not end in time", async () => {
  const { attempt, client, backend } = begun({ requestMs: 1 });
  backend.headers(OK);
  const cut = { how: "answered", status: 200, cut: "timeout" };
  assert.deepEqual(await attempt.ended, cut);
  assert.ok(client.wasReset && backend.wasReset);
});

Deno.test("Attempt lets what has begun or switched go on past its time", async () => {
  const begunInTime = begun({ attemptMs: 1 });
  begunInTime.backend.headers(OK);
  const switched = begun({ attemptMs: 1, requestMs: 1 });
  switched.backend.headers(SWITCH);
  await new Promise((resolve) => setTimeout(resolve, 20));
  for (const { backend } of [begunInTime, switched]) {
    assert.ok(!backend.wasReset);
    backend.finish();
    backend.close();
  }
  await Promise.all(
    [begunInTime, switched].map(({ attempt }) => attempt.ended),
  );
});
