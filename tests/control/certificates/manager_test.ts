import assert from "node:assert/strict";
import { IssueError } from "../../../src/control/certificates/issuer.ts";
import { CertificateManager } from "../../../src/control/certificates/manager.ts";
import { formatIdentity, type Identity } from "../../../src/model/identity.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";
import { certificateFor, FakeIssuer } from "../../support/fake_issuer.ts";

const HOUR_MS = 3_600_000;
const never = new AbortController().signal;
const identity = (serviceAccount: string): Identity => ({
  trustDomain: "cluster.local",
  namespace: "shop",
  serviceAccount,
});
const cart = identity("cart");
const cartId = formatIdentity(cart);

/** A manager on a clock and an issuer that the test moves. */
function setUp() {
  const clock = new FakeClock();
  const issuer = new FakeIssuer();
  const changes: string[] = [];
  const lines: string[] = [];
  const manager = new CertificateManager({
    issuer,
    clock,
    random: () => 0.5,
    log: {
      info: (message) => lines.push(`info ${message}`),
      warn: (message) => lines.push(`warn ${message}`),
    },
    onChange: (id, state) =>
      changes.push(`${id.split("/").at(-1)} ${state?.at ?? "forgotten"}`),
  });
  const answer = async (call: number, ttlMs = 24 * HOUR_MS) => {
    const { identity, resolve } = issuer.calls[call]!;
    const nowMs = clock.nowMs();
    resolve(certificateFor(identity, nowMs, nowMs + ttlMs));
    await settle();
  };
  const refuse = async (call: number, why = "no pod of it here") => {
    issuer.calls[call]!.reject(new IssueError(why));
    await settle();
  };
  const asked = () => issuer.calls.map((c) => c.identity.serviceAccount);
  return { clock, issuer, changes, lines, manager, answer, refuse, asked };
}

Deno.test("CertificateManager.fetch() waits for the first certificate, then has it", async () => {
  const { manager, answer, changes, issuer } = setUp();
  const first = manager.fetch(cart, "realTime", never);
  const second = manager.fetch(cart, "realTime", never);
  await answer(0);
  assert.equal((await first).spiffeId, cartId);
  assert.equal(await second, await first);
  assert.equal(await manager.fetch(cart, "realTime", never), await first);
  assert.equal(issuer.calls.length, 1);
  assert.deepEqual(changes, ["cart initializing", "cart available"]);
});

Deno.test("CertificateManager.fetch() stops waiting when told, and the attempt goes on", async () => {
  const { manager, answer, issuer } = setUp();
  const abort = new AbortController();
  const fetched = manager.fetch(cart, "realTime", abort.signal);
  abort.abort(new Error("client went away"));
  await assert.rejects(fetched, /client went away/);
  assert.equal(issuer.calls[0]!.signal.aborted, false);
  await answer(0);
  assert.equal(manager.stateOf(cartId)?.at, "available");
});

Deno.test("CertificateManager refreshes at half life and keeps the old one meanwhile", async () => {
  const { manager, answer, clock, issuer, changes } = setUp();
  manager.request(cart, "warmup");
  await answer(0);
  await clock.advance(12 * HOUR_MS - 1);
  assert.equal(issuer.calls.length, 1);
  await clock.advance(1);
  assert.equal(issuer.calls.length, 2);
  assert.equal(manager.stateOf(cartId)?.at, "available");
  await answer(1);
  const after = await manager.fetch(cart, "realTime", never);
  assert.equal(after.notBeforeMs, clock.nowMs());
  assert.deepEqual(changes.slice(1), ["cart available", "cart available"]);
});

Deno.test("CertificateManager fails waiters and later callers with the cause", async () => {
  const { manager, refuse, lines, issuer } = setUp();
  const first = manager.fetch(cart, "realTime", never);
  await Promise.all([
    assert.rejects(first, /^IssueError: no pod of it here$/),
    refuse(0),
  ]);
  await assert.rejects(
    manager.fetch(cart, "warmup", never),
    /no pod of it here/,
  );
  assert.deepEqual(manager.stateOf(cartId), {
    at: "unavailable",
    why: "no pod of it here",
  });
  assert.equal(issuer.calls.length, 1);
  assert.deepEqual(lines, [
    "warn certificate fetch failed (no pod of it here) and no valid existing certificate; will retry in 1s",
  ]);
});

Deno.test("CertificateManager waits twice as long after each failure, anew after a success", async () => {
  const { manager, refuse, answer, clock, issuer } = setUp();
  manager.request(cart, "warmup");
  for (const [call, delayMs] of [1_000, 2_000, 4_000].entries()) {
    await refuse(call);
    await clock.advance(delayMs - 1);
    assert.equal(issuer.calls.length, call + 1);
    await clock.advance(1);
    assert.equal(issuer.calls.length, call + 2);
  }
  await answer(3, 1_000 * HOUR_MS);
  await clock.advance(500 * HOUR_MS);
  await refuse(4);
  assert.equal(clock.nextMs, clock.nowMs() + 1_000);
});

Deno.test("CertificateManager retains a valid certificate over failures until it expires", async () => {
  const { manager, refuse, answer, clock, lines, changes } = setUp();
  manager.request(cart, "warmup");
  await answer(0, 20_000);
  await clock.advance(10_000);
  await refuse(1, "CA is away");
  assert.equal(manager.stateOf(cartId)?.at, "available");
  assert.deepEqual(lines, [
    "info certificate renewal failed (CA is away); retaining existing valid certificate until 2026-01-01T00:00:20.000Z; next retry at 2026-01-01T00:00:11.000Z",
  ]);
  for (const [call, delayMs] of [[2, 1_000], [3, 2_000], [4, 4_000]] as const) {
    await clock.advance(delayMs);
    await refuse(call, "CA is away");
  }
  // 8 s would be next, but the certificate ends in 3.
  assert.equal(clock.nextMs, clock.nowMs() + 3_000);
  await clock.advance(3_000);
  await refuse(5, "CA is away");
  assert.deepEqual(changes.slice(2), ["cart unavailable"]);
});

Deno.test("CertificateManager recovers an unavailable identity by itself", async () => {
  const { manager, refuse, answer, clock, changes } = setUp();
  manager.request(cart, "warmup");
  await refuse(0);
  await clock.advance(1_000);
  assert.equal(manager.stateOf(cartId)?.at, "unavailable");
  await answer(1);
  assert.equal((await manager.fetch(cart, "realTime", never)).spiffeId, cartId);
  assert.deepEqual(changes.slice(1), ["cart unavailable", "cart available"]);
});

Deno.test("CertificateManager tries a wanted identity again at once, but once a second", async () => {
  const { manager, refuse, clock, issuer } = setUp();
  manager.request(cart, "warmup");
  for (let call = 0; call < 5; call++) {
    await refuse(call);
    await clock.advance(clock.nextMs! - clock.nowMs());
  }
  await refuse(5);
  await clock.advance(999);
  manager.request(cart, "realTime");
  assert.equal(issuer.calls.length, 6);
  await clock.advance(1);
  manager.request(cart, "warmup");
  assert.equal(issuer.calls.length, 6);
  await assert.rejects(manager.fetch(cart, "realTime", never), /no pod of it/);
  assert.equal(issuer.calls.length, 7);
  manager.request(cart, "realTime");
  assert.equal(issuer.calls.length, 7);
  await refuse(6);
  assert.equal(clock.nextMs, clock.nowMs() + 64_000);
});

Deno.test("CertificateManager issues 8 at once, the rest by urgency", async () => {
  const { manager, answer, asked } = setUp();
  for (let i = 0; i < 8; i++) manager.request(identity(`first-${i}`), "warmup");
  manager.request(identity("early"), "warmup");
  manager.request(identity("late"), "warmup");
  manager.request(identity("urgent"), "realTime");
  assert.equal(asked().length, 8);
  manager.request(identity("late"), "realTime");
  for (let call = 0; call < 3; call++) await answer(call);
  assert.deepEqual(asked().slice(8), ["late", "urgent", "early"]);
});

Deno.test("CertificateManager lets refreshes wait for what is wanted now", async () => {
  const { manager, answer, clock, asked } = setUp();
  manager.request(cart, "warmup");
  await answer(0, 2 * HOUR_MS);
  await clock.advance(HOUR_MS - 10_000);
  for (let i = 0; i < 8; i++) manager.request(identity(`slow-${i}`), "warmup");
  await clock.advance(10_000);
  manager.request(identity("urgent"), "realTime");
  await answer(1);
  await answer(2);
  assert.deepEqual(asked().slice(9), ["urgent", "cart"]);
});

Deno.test("CertificateManager.forget() fails waiters, aborts the attempt, starts anew", async () => {
  const { manager, answer, issuer, changes, clock } = setUp();
  const waiting = manager.fetch(cart, "realTime", never);
  manager.forget(cart);
  await assert.rejects(
    waiting,
    /^IssueError: the identity is no longer needed$/,
  );
  assert.equal(issuer.calls[0]!.signal.aborted, true);
  assert.equal(manager.stateOf(cartId), undefined);
  const again = manager.fetch(cart, "realTime", never);
  await answer(0, HOUR_MS);
  assert.equal(manager.stateOf(cartId)?.at, "initializing");
  await answer(1, 2 * HOUR_MS);
  assert.equal((await again).notAfterMs, clock.nowMs() + 2 * HOUR_MS);
  assert.deepEqual(changes, [
    "cart initializing",
    "cart forgotten",
    "cart initializing",
    "cart available",
  ]);
});

Deno.test("CertificateManager.forget() cancels queued and scheduled work", async () => {
  const { manager, answer, asked, clock } = setUp();
  for (let i = 0; i < 8; i++) manager.request(identity(`first-${i}`), "warmup");
  manager.request(cart, "realTime");
  manager.forget(cart);
  manager.forget(identity("never-seen"));
  for (let call = 0; call < 8; call++) await answer(call);
  assert.equal(asked().includes("cart"), false);
  manager[Symbol.dispose]();
  assert.equal(clock.timers, 0);
  assert.deepEqual(manager.snapshot(), []);
});

Deno.test("CertificateManager gives a silent authority 30 s", async () => {
  const { manager, clock, issuer } = setUp();
  manager.request(cart, "warmup");
  await clock.advance(30_000);
  assert.equal(issuer.calls[0]!.signal.aborted, true);
  assert.deepEqual(manager.stateOf(cartId), {
    at: "unavailable",
    why: "no answer from the CA within 30000 ms",
  });
});

Deno.test("CertificateManager refuses a certificate for somebody else", async () => {
  const { manager, issuer, clock } = setUp();
  manager.request(cart, "warmup");
  const other = certificateFor(identity("other"), 0, clock.nowMs() + HOUR_MS);
  issuer.calls[0]!.resolve(other);
  await settle();
  assert.deepEqual(manager.stateOf(cartId), {
    at: "unavailable",
    why: `did not find expected SAN: ${cartId}`,
  });
});

for (const [name, ttlMs] of [["is over", 0], ["has no end", NaN]] as const) {
  Deno.test(`CertificateManager refuses a certificate that ${name}`, async () => {
    const { manager, answer } = setUp();
    manager.request(cart, "warmup");
    await answer(0, ttlMs);
    assert.equal(manager.stateOf(cartId)?.at, "unavailable");
  });
}

Deno.test("CertificateManager keeps 4096 identities and refuses more", () => {
  const { manager } = setUp();
  for (let i = 0; i < 4096; i++) manager.request(identity(`sa-${i}`), "warmup");
  manager.request(identity("sa-0"), "realTime");
  assert.throws(() => manager.request(cart, "realTime"), /4096 identities/);
});

Deno.test("CertificateManager.snapshot() lists identities by name", async () => {
  const { manager, answer } = setUp();
  manager.request(identity("b"), "warmup");
  manager.request(identity("a"), "warmup");
  await answer(0);
  assert.deepEqual(
    manager.snapshot().map(({ spiffeId, state }) => [spiffeId, state.at]),
    [
      [formatIdentity(identity("a")), "initializing"],
      [formatIdentity(identity("b")), "available"],
    ],
  );
});
