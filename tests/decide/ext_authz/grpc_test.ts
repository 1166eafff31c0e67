import assert from "node:assert/strict";
import {
  type CheckedMessage,
  checkQuestion,
  readVerdict,
} from "../../../src/decide/ext_authz/grpc.ts";
import type { GrpcAuthorizer } from "../../../src/model/external_authorizer.ts";
import type { CheckVerdict } from "../../../src/model/external_check.ts";
import { peer, request } from "../../support/http_samples.ts";

const octets = (text: string) => new TextEncoder().encode(text);
const text = (body: Uint8Array) => new TextDecoder().decode(body);

const AUTH: GrpcAuthorizer = {
  protocol: "grpc",
  name: "auth",
  service: "auth.shop",
  port: 9000,
  timeoutMs: 600_000,
  failOpen: false,
  statusOnError: 503,
  clearRouteCache: false,
  body: undefined,
};
const BODY = { sizeMax: 4, allowPartial: true, asOctets: false };

const CONNECTION = {
  peer: peer("spiffe://cluster.local/ns/shop/sa/client"),
  callee: {
    trustDomain: "cluster.local",
    namespace: "shop",
    serviceAccount: "waypoint",
  },
  timeMs: 5_000,
};
const REQUEST = request({
  method: "POST",
  authority: "web.shop:80",
  path: "/a?b=c",
  headers: [
    ["x-one", "1"],
    ["content-length", "9"],
    ["x-envoy-auth-partial-body", "false"],
  ],
});
const MESSAGE: CheckedMessage = {
  request: REQUEST,
  protocol: "HTTP/2",
  hasBody: true,
  body: undefined,
};

const question = (
  fields: Partial<CheckedMessage> = {},
  authorizer: GrpcAuthorizer = AUTH,
) => checkQuestion(authorizer, CONNECTION, { ...MESSAGE, ...fields }).http!;

Deno.test("checkQuestion() tells who calls, as the tunnel proved it", () => {
  const { source, destination, timeMs } = checkQuestion(
    AUTH,
    CONNECTION,
    undefined,
  );
  assert.deepEqual(source, {
    address: { ip: "10.0.0.1", port: 40_000 },
    principal: "spiffe://cluster.local/ns/shop/sa/client",
  });
  assert.deepEqual(destination, {
    address: { ip: "10.96.0.1", port: 80 },
    principal: "spiffe://cluster.local/ns/shop/sa/waypoint",
  });
  assert.equal(timeMs, 5_000);
});

Deno.test("checkQuestion() names nobody where nothing was proved", () => {
  const nobody = { ...CONNECTION, peer: peer("") };
  const { source } = checkQuestion(AUTH, nobody, undefined);
  assert.equal(source.principal, undefined);
});

Deno.test("checkQuestion() has no request for a connection", () => {
  assert.equal(checkQuestion(AUTH, CONNECTION, undefined).http, undefined);
});

Deno.test("checkQuestion() tells the whole head", () => {
  assert.deepEqual(question(), {
    method: "POST",
    path: "/a?b=c",
    host: "web.shop:80",
    scheme: "http",
    protocol: "HTTP/2",
    headers: [
      [":method", "POST"],
      [":scheme", "http"],
      [":authority", "web.shop:80"],
      [":path", "/a?b=c"],
      ["x-one", "1"],
      ["content-length", "9"],
    ],
    size: 9,
    body: undefined,
  });
});

Deno.test("checkQuestion() carries a body, and says whether it is all", () => {
  const body = { octets: octets("abcd"), isPartial: true };
  const asText = question({ body }, { ...AUTH, body: BODY });
  assert.equal(asText.body, "abcd");
  assert.deepEqual(asText.headers.at(-1), [
    "x-envoy-auth-partial-body",
    "true",
  ]);
  assert.equal(asText.size, 9);
  const packed = { ...AUTH, body: { ...BODY, asOctets: true } };
  const asOctets = question({ body: { ...body, isPartial: false } }, packed);
  assert.deepEqual(asOctets.body, octets("abcd"));
  assert.equal(asOctets.size, 4);
});

Deno.test("checkQuestion() knows the size of no body, and not of every one", () => {
  const bare = request();
  assert.equal(question({ request: bare, hasBody: false }).size, 0);
  assert.equal(question({ request: bare }).size, undefined);
});

const OK: Extract<CheckVerdict, { kind: "ok" }> = {
  kind: "ok",
  headers: [],
  headersToRemove: [],
  responseHeaders: [],
  parametersToSet: [],
  parametersToRemove: [],
};
const set = (name: string, value: string) => ({
  name,
  value,
  action: "replace-or-add" as const,
});

function allowed(verdict: CheckVerdict, authorizer = AUTH) {
  const outcome = readVerdict(authorizer, REQUEST, verdict);
  assert.ok(outcome.kind === "allow");
  return outcome;
}
function denied(verdict: CheckVerdict, authorizer = AUTH, about = REQUEST) {
  const outcome = readVerdict(authorizer, about, verdict);
  assert.ok(outcome.kind === "deny");
  return outcome;
}

Deno.test("readVerdict() lets a request pass as it is", () => {
  assert.deepEqual(allowed(OK), {
    kind: "allow",
    request: REQUEST,
    responseHeaders: [],
    clearRouteCache: false,
    isFailOpen: false,
  });
});

Deno.test("readVerdict() changes the request and keeps what is for the response", () => {
  const responseHeaders = [set("x-seen", "1")];
  const outcome = allowed({
    ...OK,
    headers: [
      set("x-user", "ann"),
      set("x-gone", "1"),
      set("content-length", "0"),
    ],
    headersToRemove: ["x-one", "x-gone", "content-length", "host", ":path"],
    responseHeaders,
    parametersToSet: [{ name: "user", value: "a b" }],
    parametersToRemove: ["b"],
  });
  assert.deepEqual(outcome.request, {
    ...REQUEST,
    path: "/a?user=a%20b",
    headers: [
      ["content-length", "9"],
      ["x-envoy-auth-partial-body", "false"],
      ["x-user", "ann"],
    ],
  });
  assert.deepEqual(outcome.responseHeaders, responseHeaders);
});

for (const name of [":path", ":authority", "host"]) {
  Deno.test(`readVerdict() does not pass without setting ${name}`, () => {
    const verdict = { ...OK, headers: [set(name, "/other")] };
    const { reply, details } = denied(verdict, { ...AUTH, failOpen: true });
    assert.equal(reply.status, 503);
    assert.equal(details, "ext_authz_error");
  });
}

const DENIED = {
  kind: "denied",
  status: undefined,
  headers: [],
  body: "",
} as const;

Deno.test("readVerdict() denies with 403 and nothing else by itself", () => {
  assert.deepEqual(denied(DENIED), {
    kind: "deny",
    details: "ext_authz_denied",
    reply: {
      status: 403,
      headers: [["content-length", "0"]],
      body: new Uint8Array(),
    },
  });
});

Deno.test("readVerdict() denies with the authorizer's words", () => {
  const { reply } = denied({
    ...DENIED,
    status: 401,
    headers: [set("www-authenticate", "Bearer"), set("content-length", "99")],
    body: "who?",
  });
  assert.equal(reply.status, 401);
  assert.equal(text(reply.body), "who?");
  assert.deepEqual(reply.headers, [
    ["content-length", "4"],
    ["content-type", "text/plain"],
    ["www-authenticate", "Bearer"],
  ]);
});

Deno.test("readVerdict() keeps the type that an authorizer gives its body", () => {
  const headers = [set("content-type", "application/json")];
  const { reply } = denied({ ...DENIED, headers, body: "{}" });
  assert.deepEqual(reply.headers.slice(1), [[
    "content-type",
    "application/json",
  ]]);
});

Deno.test("readVerdict() denies a gRPC call in its own way", () => {
  const call = request({ headers: [["content-type", "application/grpc"]] });
  const { reply } = denied(
    { ...DENIED, status: 401, body: "who?" },
    AUTH,
    call,
  );
  assert.equal(reply.status, 200);
  assert.deepEqual(reply.headers.slice(0, 3), [
    ["content-type", "application/grpc"],
    ["grpc-status", "16"],
    ["grpc-message", "who?"],
  ]);
  assert.equal(reply.body.length, 0);
});

for (const status of [1, 101, 600, -1]) {
  Deno.test(`readVerdict() takes a denial with status ${status} for a failure`, () => {
    const { reply, details } = denied(
      { ...DENIED, status },
      { ...AUTH, failOpen: true },
    );
    assert.equal(reply.status, 503);
    assert.equal(details, "ext_authz_error");
  });
}
