import assert from "node:assert/strict";
import {
  JWKS_SIZE_MAX,
  MISS_REFETCH_MS,
  REFRESH_MS,
  RETRY_MS,
} from "../../../src/control/jwks/limits.ts";
import { KeyCache } from "../../../src/control/jwks/mod.ts";
import type { KeyState } from "../../../src/model/key_set.ts";
import type { KeySource } from "../../../src/model/request_authentication.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";

const SOURCE: KeySource = {
  kind: "uri",
  uri: "https://i/keys",
  timeoutMs: 5_000,
};
const ISSUER: KeySource = {
  kind: "issuer",
  issuer: "https://i/",
  timeoutMs: 5_000,
};
const keys = (kid: string) => JSON.stringify({ keys: [{ kty: "RSA", kid }] });

/** A server of which a test says what it answers next. */
class Server {
  readonly clock = new FakeClock();
  readonly asked: string[] = [];
  readonly failures: string[] = [];
  answer: (url: string, signal: AbortSignal) => Promise<Response> | Response =
    () => new Response(keys("a"));
  readonly cache = new KeyCache({
    clock: this.clock,
    onFailure: (message) => this.failures.push(message),
    fetch: async (url, { signal }) => {
      this.asked.push(url);
      return await this.answer(url, signal);
    },
  });

  /** The `kid` of the key that is held, or why none is; undefined while that is open. */
  async held(source: KeySource = SOURCE): Promise<string | undefined> {
    const state = this.cache.stateOf(source);
    const open = Symbol();
    await settle();
    const known = state instanceof Promise
      ? await Promise.race([state, Promise.resolve(open)])
      : state;
    return typeof known === "symbol" ? undefined : nameOf(known);
  }
}

const nameOf = (state: KeyState): string =>
  state.kind === "keys" ? `${state.set.keys[0]?.kid}` : state.kind;

/** Enough turns for a response's body to be read, which takes more than promises. */
const read = () => new Promise<void>((done) => setTimeout(done, 0));

async function following(server: Server, source: KeySource = SOURCE) {
  server.cache.follow([source]);
  await read();
  return server;
}

Deno.test("KeyCache fetches in the background and answers at once", async () => {
  const server = await following(new Server());
  assert.equal(server.cache.stateOf(SOURCE) instanceof Promise, false);
  assert.equal(await server.held(), "a");
  assert.deepEqual(server.asked, ["https://i/keys"]);
  server.cache[Symbol.dispose]();
});

Deno.test("KeyCache finds keys by the issuer's configuration", async () => {
  const server = new Server();
  server.answer = (url) =>
    new Response(
      url.endsWith("configuration") ? '{"jwks_uri":"https://k/k"}' : keys("a"),
    );
  await following(server, ISSUER);
  assert.equal(await server.held(ISSUER), "a");
  assert.deepEqual(server.asked, [
    "https://i/.well-known/openid-configuration",
    "https://k/k",
  ]);
  server.cache[Symbol.dispose]();
});

for (
  const configuration of [
    "{}",
    "junk",
    '{"jwks_uri":1}',
    '{"jwks_uri":"file:///etc/passwd"}',
  ]
) {
  Deno.test(`KeyCache takes no keys by the configuration ${configuration}`, async () => {
    const server = new Server();
    server.answer = () => new Response(configuration);
    await following(server, ISSUER);
    assert.equal(await server.held(ISSUER), "unfetched");
    assert.equal(server.asked.length, 1);
    server.cache[Symbol.dispose]();
  });
}

Deno.test("KeyCache fetches again at its interval and takes new keys", async () => {
  const server = await following(new Server());
  server.answer = () => new Response(keys("b"));
  await server.clock.advance(REFRESH_MS - 1);
  assert.equal(server.asked.length, 1);
  await server.clock.advance(1);
  await read();
  assert.equal(await server.held(), "b");
  server.cache[Symbol.dispose]();
});

Deno.test("KeyCache keeps the same set while the keys are the same", async () => {
  const server = await following(new Server());
  const before = server.cache.stateOf(SOURCE);
  await server.clock.advance(REFRESH_MS);
  await read();
  assert.equal(server.asked.length, 2);
  assert.equal(server.cache.stateOf(SOURCE), before);
  server.cache[Symbol.dispose]();
});

const failures: [name: string, answer: Server["answer"]][] = [
  ["no answer", () => Promise.reject(new Error("refused"))],
  ["status 500", () => new Response("x", { status: 500 })],
  ["garbage", () => new Response("<html>")],
  ["no keys", () => new Response('{"keys":[]}')],
  ["too much", () => new Response(" ".repeat(JWKS_SIZE_MAX + 1))],
  [
    "a body that breaks off",
    () =>
      new Response(
        new ReadableStream({ pull: (c) => c.error(new Error("reset")) }),
      ),
  ],
];
for (const [name, answer] of failures) {
  Deno.test(`KeyCache keeps the last good set on ${name}`, async () => {
    const server = await following(new Server());
    server.answer = answer;
    await server.clock.advance(REFRESH_MS);
    await read();
    assert.equal(server.failures.length, 1);
    assert.equal(await server.held(), "a");
    server.cache[Symbol.dispose]();
  });
  Deno.test(`KeyCache has nothing after ${name} first, and tries again`, async () => {
    const server = new Server();
    server.answer = answer;
    await following(server);
    assert.match(`${await server.held()}`, /^(unfetched|bad)$/);
    server.answer = () => new Response(keys("b"));
    await server.clock.advance(RETRY_MS);
    await read();
    assert.equal(await server.held(), "b");
    server.cache[Symbol.dispose]();
  });
}

Deno.test("KeyCache waits longer after each failure", async () => {
  const server = new Server();
  server.answer = () => Promise.reject(new Error("refused"));
  await following(server);
  for (const wait of [1, 2, 4, 8]) {
    const before = server.asked.length;
    await server.clock.advance(RETRY_MS * wait - 1);
    assert.equal(server.asked.length, before);
    await server.clock.advance(1);
    assert.equal(server.asked.length, before + 1);
  }
  server.cache[Symbol.dispose]();
});

Deno.test("KeyCache gives a first fetch its time and no more", async () => {
  const server = new Server();
  server.answer = () => new Promise(() => {});
  await following(server);
  assert.equal(await server.held(), undefined);
  await server.clock.advance(5_000);
  assert.equal(await server.held(), "unfetched");
  assert.deepEqual(server.failures, [
    "Cannot fetch keys: no answer in 5000 ms",
  ]);
  server.cache[Symbol.dispose]();
});

Deno.test("KeyCache gives up a body that trickles", async () => {
  const server = new Server();
  let isCancelled = false;
  server.answer = (_, signal) => {
    const body = new ReadableStream({
      start: (controller) => {
        controller.enqueue(new Uint8Array(1));
        signal.addEventListener("abort", () => {
          isCancelled = true;
          controller.error(signal.reason);
        });
      },
    });
    return new Response(body);
  };
  await following(server);
  await server.clock.advance(5_000);
  await read();
  assert.equal(await server.held(), "unfetched");
  assert.equal(isCancelled, true);
  server.cache[Symbol.dispose]();
});

Deno.test("KeyCache holds good keys while a slow fetch runs", async () => {
  const server = await following(new Server());
  server.answer = () => new Promise(() => {});
  await server.clock.advance(REFRESH_MS + 1);
  assert.equal(server.cache.stateOf(SOURCE) instanceof Promise, false);
  assert.equal(await server.held(), "a");
  server.cache[Symbol.dispose]();
});

Deno.test("KeyCache fetches for an unknown key, but seldom", async () => {
  const server = await following(new Server());
  server.cache.missed(SOURCE);
  assert.equal(server.asked.length, 1);
  await server.clock.advance(MISS_REFETCH_MS);
  server.answer = () => new Response(keys("b"));
  for (let times = 0; times < 100; times++) server.cache.missed(SOURCE);
  await read();
  assert.equal(server.asked.length, 2);
  assert.equal(await server.held(), "b");
  server.cache.missed(SOURCE);
  assert.equal(server.asked.length, 2);
  server.cache[Symbol.dispose]();
});

Deno.test("KeyCache reads inline keys without fetching", async () => {
  const server = new Server();
  const good: KeySource = { kind: "inline", jwks: keys("a") };
  const junk: KeySource = { kind: "inline", jwks: "junk" };
  server.cache.follow([good, junk]);
  assert.equal(await server.held(good), "a");
  assert.equal(await server.held(junk), "bad");
  assert.equal(server.cache.stateOf(good), server.cache.stateOf({ ...good }));
  server.cache.missed(good);
  assert.deepEqual(server.asked, []);
  server.cache[Symbol.dispose]();
});

Deno.test("KeyCache follows what it is told and nothing else", async () => {
  const server = await following(new Server());
  server.cache.follow([SOURCE, ISSUER]);
  await read();
  assert.equal(await server.held(), "a");
  server.cache.follow([ISSUER]);
  assert.equal(await server.held(), "unfetched");
  server.cache[Symbol.dispose]();
  assert.equal(server.clock.timers, 0);
});

Deno.test("KeyCache answers those who wait when it ends", async () => {
  const server = new Server();
  server.answer = () => new Promise(() => {});
  await following(server);
  const waiting = server.cache.stateOf(SOURCE);
  server.cache[Symbol.dispose]();
  assert.equal(nameOf(await waiting), "unfetched");
  await settle();
  assert.equal(server.clock.timers, 0);
  assert.deepEqual(server.failures, []);
});

Deno.test("KeyCache reports what it holds, how old it is and what went wrong", async () => {
  const server = new Server();
  const inline: KeySource = { kind: "inline", jwks: keys("a") };
  server.cache.follow([inline, SOURCE]);
  assert.deepEqual(server.cache.reports(), [
    { source: inline, state: "keys", count: 1 },
    { source: SOURCE, state: "fetching", count: 0 },
  ]);
  await read();
  const fetchedAtMs = server.clock.nowMs();
  const fresh = { source: SOURCE, state: "keys", count: 1, fetchedAtMs };
  assert.deepEqual(server.cache.reports()[1], fresh);
  server.answer = () => new Response("no", { status: 500 });
  await server.clock.advance(REFRESH_MS);
  await read();
  const { why, ...old } = server.cache.reports()[1] ?? {};
  assert.deepEqual(old, fresh);
  assert.match(`${why}`, /500/);
  server.cache[Symbol.dispose]();
});
