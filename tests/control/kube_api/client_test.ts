import assert from "node:assert/strict";
import { createServer } from "node:https";
import type { TLSSocket } from "node:tls";
import {
  BODY_BYTES_MAX,
  EVENT_BYTES_MAX,
} from "../../../src/control/kube_api/limits.ts";
import {
  KubeClient,
  type KubeRequest,
} from "../../../src/control/kube_api/client.ts";
import { KubeApiError } from "../../../src/control/kube_api/errors.ts";
import { systemClock } from "../../../src/control/system_clock.ts";
import { opensslLeaf } from "../../support/openssl.ts";
import { makeTestCa } from "../../support/test_ca.ts";
import { type Answer, bodyOf, FakeServer, refusal } from "./fake_server.ts";

const LIST: KubeRequest = {
  verb: "list",
  resource: "pods",
  path: "/api/v1/pods?limit=2",
};
const WATCH: KubeRequest = {
  verb: "watch",
  resource: "pods",
  path: "/api/v1/pods?watch=true",
};
const NEVER = new AbortController().signal;

/** What the request fails with. */
async function failure(
  answer: Answer,
  ask: (client: KubeClient) => Promise<unknown>,
  over: Parameters<FakeServer["client"]>[0] = {},
): Promise<KubeApiError> {
  await using server = await FakeServer.start(answer);
  using client = server.client(over);
  try {
    await ask(client);
  } catch (reason) {
    assert(reason instanceof KubeApiError, String(reason));
    assert(!reason.message.includes("\n"), reason.message);
    return reason;
  }
  throw new Error("it did not fail");
}

const list = (client: KubeClient) => client.json(LIST, NEVER);

async function watch(client: KubeClient, lastsMs = 300): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of await client.watch(WATCH, lastsMs, NEVER)) {
    lines.push(line);
  }
  return lines;
}

const chunks = function* (text: string, total: number) {
  for (let sent = 0; sent < total; sent += text.length) yield text;
};

Deno.test("json() sends the token and reads the answer", async () => {
  await using server = await FakeServer.start(() => Response.json({ a: 1 }));
  using client = server.client();
  assert.deepEqual(await client.json(LIST, NEVER), { a: 1 });
  assert.equal(server.asked[0]?.path, "/api/v1/pods?limit=2");
  assert.equal(server.asked[0]?.authorization, "Bearer secret");
});

Deno.test("json() sends a patch as a merge patch", async () => {
  await using server = await FakeServer.start(() => Response.json({}));
  using client = server.client();
  await client.json({ ...LIST, verb: "patch", patch: { a: null } }, NEVER);
  const { method, contentType, body } = server.asked[0]!;
  assert.deepEqual({ method, contentType, body }, {
    method: "PATCH",
    contentType: "application/merge-patch+json",
    body: '{"a":null}',
  });
});

Deno.test("json() sends the options of a deletion", async () => {
  await using server = await FakeServer.start(() => Response.json({}));
  using client = server.client();
  const deletion = { preconditions: { uid: "u" } };
  await client.json({ ...LIST, verb: "delete", deletion }, NEVER);
  const { method, contentType, body } = server.asked[0]!;
  assert.deepEqual({ method, contentType, body }, {
    method: "DELETE",
    contentType: "application/json",
    body: JSON.stringify(deletion),
  });
});

Deno.test("watch() yields lines however they are cut into packets", async () => {
  const parts = ['{"a"', ":1}\n\n", '{"b":2}\n{"c":', "3}\n"];
  await using server = await FakeServer.start(() =>
    new Response(bodyOf(parts))
  );
  using client = server.client();
  assert.deepEqual(await watch(client), ['{"a":1}', '{"b":2}', '{"c":3}']);
});

const refusals: [name: string, answer: Answer, status: number, line: string][] =
  [
    [
      "names the verb and the resource that are forbidden",
      () => refusal(403, 'pods is forbidden: User "x" cannot list\nresource'),
      403,
      'Cannot list "pods": 403, this account lacks the right to list pods: ' +
      'pods is forbidden: User "x" cannot list resource',
    ],
    [
      "says that the credentials are not accepted",
      () => refusal(401, "Unauthorized"),
      401,
      'Cannot list "pods": 401, the API server does not accept these credentials: Unauthorized',
    ],
    [
      "tells of a kind that is not there",
      () => new Response("404 page not found\n", { status: 404 }),
      404,
      'Cannot list "pods": status 404',
    ],
    [
      "does not follow a redirect",
      () => Response.redirect("https://127.0.0.1:1/", 302),
      302,
      'Cannot list "pods": status 302',
    ],
    [
      "cuts a long message",
      () => refusal(500, "x".repeat(100_000)),
      500,
      'Cannot list "pods": status 500',
    ],
  ];
for (const [name, answer, status, line] of refusals) {
  Deno.test(`json() ${name}`, async () => {
    const error = await failure(answer, list);
    assert.equal(error.message, line);
    assert.equal(error.status, status);
  });
}

Deno.test("json() tells how long a server wants to be left alone", async () => {
  const answer = () => refusal(429, "slow", { "retry-after": "7" });
  assert.equal((await failure(answer, list)).retryAfterMs, 7_000);
  const forever = () => refusal(429, "slow", { "retry-after": "999999" });
  assert.equal((await failure(forever, list)).retryAfterMs, 60_000);
});

const silent = () =>
  new Promise<Response>((resolve) =>
    setTimeout(() => resolve(new Response()), 600)
  );
const failures: [
  name: string,
  answer: Answer,
  ask: (client: KubeClient) => Promise<unknown>,
  want: RegExp,
][] = [
  ["json() refuses garbage", () => new Response("{"), list, /is not JSON$/],
  [
    "json() refuses what is not UTF-8",
    () => new Response(Uint8Array.of(0x22, 0xff, 0x22)),
    list,
    /is not UTF-8 text$/,
  ],
  [
    "json() leaves a body without end",
    () => new Response(bodyOf(chunks(" ".repeat(1 << 20), BODY_BYTES_MAX * 2))),
    (client) => client.json(LIST, NEVER),
    /is over \d+ octets$|not in time$/,
  ],
  ["json() leaves a silent server", silent, list, /"pods": not in time$/],
  [
    "json() leaves a body that stops coming",
    () => new Response(bodyOf(['{"items":'], "open")),
    list,
    /"pods": not in time$/,
  ],
  [
    "json() tells of a body that is cut",
    () => new Response(bodyOf(['{"items":'], "cut")),
    list,
    /^Cannot list "pods": .+$/,
  ],
  [
    "watch() tells of a body that ends inside a line",
    () => new Response(bodyOf(['{"a":1}\n{"b"'])),
    watch,
    /^Cannot watch "pods": the answer ends inside an event$/,
  ],
  [
    "watch() tells of a body that is cut inside a line",
    () => new Response(bodyOf(['{"a":1}\n{"b"'], "cut")),
    watch,
    /^Cannot watch "pods": .+$/,
  ],
  [
    "watch() leaves an endless line",
    () =>
      new Response(bodyOf(chunks("x".repeat(1 << 20), EVENT_BYTES_MAX * 2))),
    (client) => watch(client, 30_000),
    /^Cannot watch "pods": a line is over 8388608 octets$/,
  ],
  [
    "watch() leaves a server that never ends it",
    () => new Response(bodyOf(['{"a":1}\n'], "open")),
    watch,
    /^Cannot watch "pods": not in time$/,
  ],
  ["watch() leaves a silent server", silent, watch, /not in time$/],
  [
    "watch() tells of a refusal",
    () => refusal(403, "no"),
    watch,
    /lacks the right to watch pods: no$/,
  ],
];
for (const [name, answer, ask, want] of failures) {
  Deno.test(name, async () => {
    assert.match((await failure(answer, ask)).message, want);
  });
}

Deno.test("json() refuses a server of another authority", async () => {
  const { certificatePem: text } = await makeTestCa();
  const roots = { kind: "inline", text } as const;
  const answer = () => Response.json({});
  const { message } = await failure(answer, list, { roots });
  assert.match(message, /^Cannot list "pods": .*invalid peer certificate/);
});

Deno.test("json() tells of a server that is not there", async () => {
  const answer = () => Response.json({});
  const gone = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const server = `https://127.0.0.1:${gone.addr.port}`;
  gone.close();
  const { message } = await failure(answer, list, { server });
  assert.match(message, /^Cannot list "pods": .*Connection refused/);
});

Deno.test("json() never shows a token that cannot be sent", async () => {
  const token = { kind: "inline", text: "se\ncret" } as const;
  const { message } = await failure(() => Response.json({}), list, { token });
  assert.equal(
    message,
    'Cannot list "pods": the token is not a line of printable ASCII',
  );
});

Deno.test("json() reads token and roots again for every request", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await using first = await FakeServer.start(() => Response.json({}));
    const roots = { kind: "file", path: `${folder}/ca` } as const;
    const token = { kind: "file", path: `${folder}/token` } as const;
    const { certificatePem: foreign } = await makeTestCa();
    await Deno.writeTextFile(roots.path, foreign);
    await Deno.writeTextFile(token.path, "one\n");
    using client = first.client({ roots, token });
    await assert.rejects(list(client), /invalid peer certificate/);
    await Deno.writeTextFile(roots.path, foreign + first.rootsPem);
    await list(client);
    await Deno.writeTextFile(token.path, "two\n");
    await list(client);
    const tokens = first.asked.map(({ authorization }) => authorization);
    assert.deepEqual(tokens, ["Bearer one", "Bearer two"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("json() shows a client certificate", async () => {
  const ca = await makeTestCa();
  const server = await opensslLeaf(ca, {
    extensions: "subjectAltName=IP:127.0.0.1",
  });
  const own = await opensslLeaf(ca, { extensions: "subjectAltName=DNS:admin" });
  const names: unknown[] = [];
  const https = createServer({
    key: server.keyPem,
    cert: server.chainPem,
    ca: ca.certificatePem,
    requestCert: true,
    rejectUnauthorized: true,
  }, (request, response) => {
    names.push(
      (request.socket as TLSSocket).getPeerCertificate().subjectaltname,
    );
    response.end("{}");
  });
  await new Promise<void>((done) => https.listen(0, "127.0.0.1", done));
  const { port } = https.address() as { port: number };
  const inline = (text: string) => ({ kind: "inline", text }) as const;
  const access = {
    server: `https://127.0.0.1:${port}`,
    roots: inline(ca.certificatePem),
    token: undefined,
    clientCertificate: {
      certificate: inline(own.chainPem),
      key: inline(own.keyPem),
    },
  };
  const clock = systemClock;
  {
    using client = new KubeClient({ access, clock });
    assert.deepEqual(await list(client), {});
    assert.deepEqual(names, ["DNS:admin"]);
    using stranger = new KubeClient({
      access: { ...access, clientCertificate: undefined },
      clock,
    });
    await assert.rejects(list(stranger), KubeApiError);
  }
  https.closeAllConnections();
  await new Promise((done) => https.close(done));
});

Deno.test("prepare() fails where a credential is missing", async () => {
  await using server = await FakeServer.start(() => Response.json({}));
  const token = { kind: "file", path: "/nowhere/token" } as const;
  using client = server.client({ token });
  await assert.rejects(
    client.prepare(),
    { message: 'Cannot read "/nowhere/token": no such file' },
  );
  const roots = { kind: "inline", text: "no PEM" } as const;
  using other = server.client({ roots });
  await assert.rejects(other.prepare(), {
    message: "Cannot use the roots of the API server: no certificate in PEM",
  });
});

Deno.test("a watch ends with its signal after a collection of garbage", async () => {
  await using server = await FakeServer.start(() =>
    new Response(bodyOf(["{}\n"], "open"))
  );
  using client = server.client();
  const ending = new AbortController();
  const lines = await client.watch(WATCH, 60_000, ending.signal);
  await lines.next();
  const rest = lines.next();
  await collectGarbage();
  ending.abort(new Error("over"));
  await assert.rejects(rest, /over/);
});

/** Fills the young and the old part of the heap until what nobody holds is gone. */
async function collectGarbage(): Promise<void> {
  let collected = false;
  const registry = new FinalizationRegistry(() => (collected = true));
  registry.register({}, undefined);
  for (let turn = 0; !collected && turn < 2_000; turn++) {
    Array.from({ length: 50_000 }, (_, index) => [index]);
    await new Promise((resolve) => setTimeout(resolve));
  }
  assert(collected);
}

Deno.test("a watch ends with its signal", async () => {
  await using server = await FakeServer.start(() =>
    new Response(bodyOf(["{}\n"], "open"))
  );
  using client = server.client();
  const ending = new AbortController();
  const lines = await client.watch(WATCH, 60_000, ending.signal);
  assert.equal((await lines.next()).value, "{}");
  ending.abort(new Error("over"));
  await assert.rejects(() => lines.next(), /over/);
});
