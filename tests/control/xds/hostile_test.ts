/** The xDS client against servers that fail, lie and break the protocol. */
import assert from "node:assert/strict";
import { ADDRESS_TYPE } from "../../../src/wire/xds/mod.ts";
import type { FakeCall } from "../../support/fake_istiod.ts";
import { FakeIstiod } from "../../support/fake_istiod.ts";
import { makeTestCa } from "../../support/test_ca.ts";
import { workloadResource } from "../../wire/xds/resources.ts";
import {
  follow,
  type Followed,
  greeted,
  request,
  respond,
  type Server,
  serverOf,
  SHOWN,
} from "./harness.ts";

const cart = { uid: "c//Pod/shop/cart", name: "cart", namespace: "shop" };

/** A message's head: five octets. */
const head = (flags: number, length: number): Uint8Array => {
  const octets = new Uint8Array(5);
  octets[0] = flags;
  new DataView(octets.buffer).setUint32(1, length);
  return octets;
};

/** Goes through a whole good exchange on a new stream. */
async function works(istiod: FakeIstiod, followed: Followed): Promise<void> {
  const call = await greeted(istiod);
  respond(call, { typeUrl: ADDRESS_TYPE, resources: [workloadResource(cart)] });
  assert.equal((await request(call))?.errorDetail, undefined);
  assert.ok(followed.store.mesh.workloadByUid(cart.uid));
}

const misdeeds: [
  what: string,
  act: (call: FakeCall, istiod: FakeIstiod) => void,
  line: RegExp,
  counted: string,
][] = [
  [
    "a message that is no response",
    (call) => call.sendMessage(new Uint8Array(64).fill(255)),
    /XDS client error: status: /,
    "Error",
  ],
  [
    "a message above the limit",
    (call) => call.sendOctets(head(0, 201 * 1024 * 1024)),
    /XDS client error: status: ResourceExhausted, message: "message size 210763776 is larger than configured readMaxBytes 209715200" \(hint: an update has to fit 209715200 octets; .*XDS_ON_DEMAND=true\), retrying in 20ms/,
    "Error",
  ],
  [
    "a message that is compressed though nobody asked",
    (call) => {
      call.sendOctets(head(1, 4));
      call.sendOctets(new Uint8Array(4));
    },
    /XDS client error: status: Internal/,
    "Error",
  ],
  [
    "an unknown flag",
    (call) => {
      call.sendOctets(head(0x80, 4));
      call.sendOctets(new Uint8Array(4));
      call.end(0);
    },
    /XDS client/,
    "",
  ],
  [
    "half a message",
    (call) => {
      call.sendOctets(head(0, 100));
      call.sendOctets(new Uint8Array(10));
      call.end(0);
    },
    /XDS client/,
    "",
  ],
  [
    "a page in place of gRPC",
    (call) => {
      call.begin({ "content-type": "text/html" });
      call.sendOctets(new TextEncoder().encode("<html>"));
      call.end(0);
    },
    /XDS client (connection )?error: .*/,
    "",
  ],
  [
    "another status of HTTP",
    (call) => {
      call.begin({ ":status": 503, "content-type": "text/plain" });
      call.end(0);
    },
    /XDS client (connection )?error: .*status: Unavailable/,
    "",
  ],
  [
    "a reset",
    (call) => {
      call.begin();
      call.reset();
    },
    /XDS client/,
    "",
  ],
  [
    "no answer but a closed connection",
    (_, istiod) => istiod.dropConnections("destroy"),
    /XDS client connection error: gRPC connection error connecting to https:\/\/127.0.0.1:\d+: /,
    "ConnectionError",
  ],
  [
    "a connection that is closed under it",
    (call, istiod) => {
      respond(call, { typeUrl: ADDRESS_TYPE });
      istiod.dropConnections("destroy");
    },
    /XDS client/,
    "",
  ],
  [
    "a connection that is to take no more calls",
    (call, istiod) => {
      respond(call, { typeUrl: ADDRESS_TYPE });
      istiod.dropConnections("goaway");
      call.end(14, "received prior goaway");
    },
    /XDS client reconnecting/,
    "Reconnect",
  ],
  [
    "an end of its old age",
    (call) => {
      respond(call, { typeUrl: ADDRESS_TYPE });
      call.end(14, "transport is closing");
    },
    /debug\t.*XDS client reconnecting: status: Unavailable, message: "transport is closing", retrying in 10ms/,
    "Reconnect",
  ],
  [
    "a refusal of the token",
    (call) => call.end(16, "authentication failure"),
    /XDS client connection error: gRPC connection error connecting to https:\/\/127.0.0.1:\d+: status: Unauthenticated, message: "authentication failure" \(hint: check the control plane logs for more information\), retrying in 20ms/,
    "ConnectionError",
  ],
  [
    "a limit of its own",
    (call) => call.end(8, "request rate limit exceeded"),
    /status: ResourceExhausted, message: "request rate limit exceeded", retrying/,
    "ConnectionError",
  ],
  [
    "a text of many lines",
    (call) => call.end(13, encodeURIComponent("a\nb\u001b[31m")),
    /status: Internal, message: "a b\\u\{1b\}\[31m", retrying/,
    "ConnectionError",
  ],
];
for (const [what, act, line, counted] of misdeeds) {
  Deno.test(`XdsClient comes back after ${what}`, async () => {
    await using istiod = await FakeIstiod.start();
    await using followed = follow(serverOf(istiod));
    act(await greeted(istiod), istiod);
    await works(istiod, followed);
    await followed.untilLine(line);
    if (counted === "") return;
    assert.ok(
      followed.samples().includes(
        `istio_xds_connection_terminations_total{reason="${counted}"} 1`,
      ),
      followed.samples().join("\n"),
    );
  });
}

Deno.test("XdsClient waits for a server that is not there, and finds it", async () => {
  const first = await FakeIstiod.start();
  const { port, ca } = first;
  const server = serverOf(first);
  await first[Symbol.asyncDispose]();
  await using followed = follow(server);
  await followed.untilLine(/connection error: .*retrying in 20ms/);
  await followed.untilLine(/connection error: .*retrying in 40ms/);
  await using second = await FakeIstiod.start({ port, ca });
  await works(second, followed);
});

const distrust: [what: string, server: Partial<Server>, line: RegExp][] = [
  [
    "roots that it does not lead to",
    { roots: { kind: "inline", pem: (await makeTestCa()).certificatePem } },
    /connection error: .*: (invalid peer certificate|.*UnknownIssuer|.*certificate)/i,
  ],
  [
    "another name than it proves",
    { alternativeHostname: "other.test" },
    /connection error: .*(127\.0\.0\.1|altnames|not valid for name)/i,
  ],
  [
    "roots in a file that is not there",
    { roots: { kind: "file", path: "/nonexistent/root.pem" } },
    /connection error: .*Cannot use "\/nonexistent\/root.pem": no such file/,
  ],
];
for (const [what, server, line] of distrust) {
  Deno.test(`XdsClient says nothing to a server, given ${what}`, async () => {
    await using istiod = await FakeIstiod.start();
    await using followed = follow(serverOf(istiod, server));
    await followed.untilLine(line);
    const reached = await Promise.race([
      istiod.next(),
      followed.untilLine(/retrying in 80ms/),
    ]);
    assert.equal(typeof reached, "string");
  });
}

Deno.test("XdsClient reads token and roots again for each stream", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await using istiod = await FakeIstiod.start();
    const [token, roots] = [`${dir}/token`, `${dir}/roots`];
    await Deno.writeTextFile(roots, (await makeTestCa()).certificatePem);
    await Deno.writeTextFile(token, " \n");
    await using followed = follow(
      serverOf(istiod, { roots: { kind: "file", path: roots } }),
      { ...SHOWN, authToken: { kind: "file", path: token } },
    );
    await followed.untilLine(/Cannot use token ".*\/token": it is empty/);
    await Deno.writeTextFile(token, "one\n");
    await followed.untilLine(/connection error: .*certificate/i);
    await Deno.writeTextFile(roots, istiod.ca.certificatePem);
    const call = await greeted(istiod);
    assert.equal(call.headers["authorization"], "Bearer one");
    await Deno.writeTextFile(token, "two\n");
    respond(call, { typeUrl: ADDRESS_TYPE });
    await request(call);
    call.end(0);
    const again = await greeted(istiod);
    assert.equal(again.headers["authorization"], "Bearer two");
    assert.doesNotMatch(followed.lines().join("\n"), /\b(one|two)\b/);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
