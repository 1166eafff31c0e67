import assert from "node:assert/strict";
import type { ControlPlane } from "../../../src/config/mod.ts";
import {
  ControlPlaneError,
  GrpcSession,
  type GrpcSessionOptions,
} from "../../../src/control/grpc/mod.ts";
import { FakeIstiod } from "../../support/fake_istiod.ts";
import { Forwarder } from "../../support/forwarder.ts";

const serverAt = (istiod: FakeIstiod, port = istiod.port): ControlPlane => ({
  address: `https://127.0.0.1:${port}`,
  roots: { kind: "inline", pem: istiod.ca.certificatePem },
  alternativeHostname: "istiod.test",
  headers: {},
});

const open = (session: GrpcSession) =>
  session.request("POST", "/a/b", { te: "trailers" }, {});

/** How a stream ends: by an error, or just so. */
function endOf(
  stream: Awaited<ReturnType<typeof open>>,
): Promise<Error | undefined> {
  return new Promise((resolve) => {
    stream.on("error", resolve);
    stream.on("close", () => resolve(undefined));
  });
}

Deno.test("GrpcSession keeps one connection for its requests", async () => {
  await using istiod = await FakeIstiod.start();
  using forwarder = new Forwarder(istiod.port);
  using session = new GrpcSession({ server: serverAt(istiod, forwarder.port) });
  await Promise.all([open(session), open(session)]);
  await open(session);
  await Promise.all([istiod.next(), istiod.next(), istiod.next()]);
  assert.equal(forwarder.connections, 1);
});

Deno.test("GrpcSession connects anew after a connection is closed", async () => {
  await using istiod = await FakeIstiod.start();
  using session = new GrpcSession({ server: serverAt(istiod) });
  for (const how of ["destroy", "goaway", "destroy"] as const) {
    const stream = await open(session);
    const call = await istiod.next();
    const ended = endOf(stream);
    istiod.dropConnections(how);
    if (how === "goaway") call.end(0);
    stream.resume().end();
    await ended;
  }
  await open(session);
  await istiod.next();
});

Deno.test("GrpcSession ends what is open when PINGs are not answered, and works at once", async () => {
  await using istiod = await FakeIstiod.start();
  using forwarder = new Forwarder(istiod.port);
  using session = new GrpcSession({
    server: serverAt(istiod, forwarder.port),
    pingIntervalMs: 40,
    pingTimeoutMs: 200,
  });
  const stream = await open(session);
  await istiod.next();
  // Answered PINGs keep it open.
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(stream.destroyed, false);
  forwarder.freeze();
  const reason = await endOf(stream);
  assert.match(String(reason), /PING|closed|cancel/i);
  forwarder.thaw();
  await open(session);
  await istiod.next();
  assert.equal(forwarder.connections, 2);
});

Deno.test("GrpcSession reads the roots for each connection", async () => {
  await using istiod = await FakeIstiod.start();
  let reads = 0;
  using session = new GrpcSession({
    server: serverAt(istiod),
    roots: () => {
      reads++;
      return Promise.resolve(istiod.ca.certificatePem);
    },
  });
  await open(session);
  // The runtime itself was seen to crash where both ends of a connection are in
  // one process and the connection is destroyed as soon as it is there.
  await new Promise((resolve) => setTimeout(resolve, 50));
  session.close();
  await open(session);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(reads, 2);
});

const failing: [
  what: string,
  options: (istiod: FakeIstiod) => GrpcSessionOptions,
  why: RegExp,
][] = [
  [
    "a server that is silent",
    (istiod) => ({
      server: serverAt(istiod, silent.addr.port),
      connectMs: 100,
    }),
    /^connection timed out$/,
  ],
  [
    "a port where nobody listens",
    (istiod) => ({ server: serverAt(istiod, 1) }),
    /refused/i,
  ],
  [
    "roots that are none",
    (istiod) => ({
      server: serverAt(istiod),
      roots: () => Promise.resolve("-----BEGIN CERTIFICATE-----\nAA\n"),
    }),
    /./,
  ],
  [
    "a name that the certificate does not have",
    (istiod) => ({
      server: { ...serverAt(istiod), alternativeHostname: undefined },
    }),
    /./,
  ],
];
const silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
for (const [what, options, why] of failing) {
  Deno.test(`GrpcSession fails with ${what}, by the named error`, async () => {
    await using istiod = await FakeIstiod.start();
    using session = new GrpcSession(options(istiod));
    for (let times = 0; times < 2; times++) {
      await assert.rejects(open(session), (reason) => {
        assert.ok(reason instanceof ControlPlaneError);
        assert.match(reason.message, why);
        return true;
      });
    }
  });
}

Deno.test("GrpcSession takes no request once it is disposed", async () => {
  await using istiod = await FakeIstiod.start();
  const session = new GrpcSession({ server: serverAt(istiod) });
  session[Symbol.dispose]();
  await assert.rejects(open(session), /connection closed/);
});

Deno.test("GrpcSession is at the origin that URLs have", () => {
  const at = (address: string) =>
    new GrpcSession({
      server: {
        address,
        roots: { kind: "system" },
        alternativeHostname: undefined,
        headers: {},
      },
    }).authority;
  assert.equal(at("https://istiod.svc:443"), "https://istiod.svc");
  assert.equal(at("https://istiod.svc:15012"), "https://istiod.svc:15012");
});
