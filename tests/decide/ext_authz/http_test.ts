import assert from "node:assert/strict";
import {
  type CheckOutcome,
  failedCheck,
} from "../../../src/decide/ext_authz/ext_authz.ts";
import {
  type CheckAnswer,
  checkRequest,
  readAnswer,
} from "../../../src/decide/ext_authz/http.ts";
import type { HttpAuthorizer } from "../../../src/model/external_authorizer.ts";
import type { HeaderList } from "../../../src/model/http.ts";
import { request } from "../../support/http_samples.ts";

const octets = (text: string) => new TextEncoder().encode(text);
const exact = (value: string) => ({ kind: "exact" as const, value });
const prefix = (value: string) => ({ kind: "prefix" as const, value });

const AUTH: HttpAuthorizer = {
  protocol: "http",
  name: "auth",
  service: "auth.shop",
  port: 8000,
  timeoutMs: 600_000,
  failOpen: false,
  statusOnError: 403,
  clearRouteCache: false,
  body: undefined,
  pathPrefix: "",
  requestHeaders: [],
  additionalHeaders: [],
  upstreamOnAllow: [],
  downstreamOnAllow: [],
  downstreamOnDeny: [],
};

const REQUEST = request({
  method: "POST",
  authority: "web.shop:80",
  path: "/a?b=c",
  headers: [
    ["authorization", "Bearer x"],
    ["cookie", "a=b"],
    ["x-one", "1"],
    ["x-one", "2"],
    ["connection", "close"],
    ["content-length", "5"],
    ["transfer-encoding", "chunked"],
  ],
});
const ZERO: HeaderList = [["content-length", "0"]];

Deno.test("checkRequest() asks with method, host, path and credentials", () => {
  assert.deepEqual(checkRequest(AUTH, REQUEST), {
    method: "POST",
    authority: "web.shop:80",
    path: "/a?b=c",
    headers: [["authorization", "Bearer x"], ...ZERO],
    body: new Uint8Array(),
  });
});

Deno.test("checkRequest() puts the prefix before the path", () => {
  const check = checkRequest({ ...AUTH, pathPrefix: "/check" }, REQUEST);
  assert.equal(check.path, "/check/a?b=c");
});

Deno.test("checkRequest() adds the headers that are listed, never a connection's own", () => {
  const listed = {
    ...AUTH,
    requestHeaders: [exact("cookie"), prefix("x-"), prefix("con"), prefix("t")],
  };
  assert.deepEqual(checkRequest(listed, REQUEST).headers, [
    ["authorization", "Bearer x"],
    ["cookie", "a=b"],
    ["x-one", "1"],
    ["x-one", "2"],
    ...ZERO,
  ]);
});

const additional: [value: string, sent: string][] = [
  ["fixed", "fixed"],
  ["%REQ(:SCHEME)%", "http"],
  ["%REQ(:METHOD)% %REQ(:PATH)%", "POST /a?b=c"],
  ["%REQ(X-None?cookie)%", "a=b"],
  ["%REQ(X-None)%", "-"],
  ["100%", "100%"],
];
for (const [value, sent] of additional) {
  Deno.test(`checkRequest() sends the additional header ${value} as ${sent}`, () => {
    const listed: HttpAuthorizer = {
      ...AUTH,
      requestHeaders: [prefix("x-")],
      additionalHeaders: [["x-one", value], ["content-length", "9"]],
    };
    assert.deepEqual(checkRequest(listed, REQUEST).headers, [
      ["authorization", "Bearer x"],
      ["x-one", sent],
      ...ZERO,
    ]);
  });
}

Deno.test("checkRequest() sends the body and says whether it is partial", () => {
  const body = { octets: octets("abc"), isPartial: true };
  const check = checkRequest(AUTH, REQUEST, body);
  assert.deepEqual(check.body, body.octets);
  assert.deepEqual(check.headers, [
    ["authorization", "Bearer x"],
    ["content-length", "3"],
    ["x-envoy-auth-partial-body", "true"],
  ]);
});

const answer = (
  status: number,
  headers: HeaderList = [],
  body = "",
): CheckAnswer => ({ status, headers, body: octets(body) });

function allowed(outcome: CheckOutcome) {
  assert.ok(outcome.kind === "allow");
  return outcome;
}
function denied(outcome: CheckOutcome) {
  assert.ok(outcome.kind === "deny");
  return outcome;
}

Deno.test("readAnswer() of 200 lets the request pass as it is", () => {
  const outcome = readAnswer(AUTH, REQUEST, answer(200, [["x-user", "ann"]]));
  assert.deepEqual(outcome, {
    kind: "allow",
    request: REQUEST,
    responseHeaders: [],
    clearRouteCache: false,
    isFailOpen: false,
  });
});

Deno.test("readAnswer() of 200 sets, removes and adds what is listed", () => {
  const listed = {
    ...AUTH,
    clearRouteCache: true,
    upstreamOnAllow: [prefix("x-"), exact("host"), exact("content-length")],
    downstreamOnAllow: [exact("set-cookie")],
  };
  const outcome = allowed(readAnswer(
    listed,
    REQUEST,
    answer(200, [
      ["x-one", "3"],
      ["x-two", "a"],
      ["x-two", "b"],
      ["host", "evil"],
      ["content-length", "0"],
      ["set-cookie", "s=1"],
      ["set-cookie", "t=2"],
      ["server", "x"],
      ["x-envoy-auth-headers-to-remove", "Cookie, content-length,  host"],
    ]),
  ));
  assert.deepEqual(outcome.request.headers, [
    ["authorization", "Bearer x"],
    ["connection", "close"],
    ["content-length", "5"],
    ["transfer-encoding", "chunked"],
    ["x-one", "3"],
    ["x-two", "a"],
    ["x-two", "b"],
  ]);
  assert.equal(outcome.request.authority, "web.shop:80");
  assert.deepEqual(outcome.responseHeaders, [
    { name: "set-cookie", value: "s=1", action: "append-or-add" },
    { name: "set-cookie", value: "t=2", action: "append-or-add" },
  ]);
  assert.equal(outcome.clearRouteCache, true);
});

const REFUSAL: HeaderList = [
  ["location", "https://login"],
  ["www-authenticate", "Bearer"],
  ["content-type", "text/html"],
  ["x-why", "no"],
  ["connection", "close"],
  ["content-length", "99"],
];
for (const status of [201, 302, 401, 403, 404, 429]) {
  Deno.test(`readAnswer() of ${status} denies with it`, () => {
    const outcome = denied(
      readAnswer(AUTH, REQUEST, answer(status, REFUSAL, "no")),
    );
    assert.equal(outcome.details, "ext_authz_denied");
    assert.deepEqual(outcome.reply, {
      status,
      headers: [["content-length", "2"], ...REFUSAL.slice(0, 4)],
      body: octets("no"),
    });
  });
}

Deno.test("readAnswer() denies with the listed headers and those that always go", () => {
  const listed = { ...AUTH, downstreamOnDeny: [exact("x-why")] };
  const { reply } = denied(readAnswer(listed, REQUEST, answer(401, REFUSAL)));
  assert.deepEqual(reply.headers, [
    ...ZERO,
    ["location", "https://login"],
    ["www-authenticate", "Bearer"],
    ["x-why", "no"],
  ]);
});

Deno.test("readAnswer() denies a gRPC call in gRPC", () => {
  const grpc = request({ headers: [["content-type", "application/grpc"]] });
  const { reply } = denied(readAnswer(AUTH, grpc, answer(401, REFUSAL, "no")));
  assert.deepEqual(reply.headers, [
    ["content-type", "application/grpc"],
    ["grpc-status", "16"],
    ["grpc-message", "no"],
    ["location", "https://login"],
    ["www-authenticate", "Bearer"],
    ["x-why", "no"],
  ]);
});

const failures: [name: string, answer: CheckAnswer | undefined][] = [
  ["no answer", undefined],
  ["status 500", answer(500, REFUSAL, "no")],
  ["status 503", answer(503)],
  ["status 101", answer(101)],
];
for (const [name, given] of failures) {
  Deno.test(`readAnswer() of ${name} denies with the status for errors`, () => {
    const outcome = readAnswer({ ...AUTH, statusOnError: 502 }, REQUEST, given);
    assert.deepEqual(outcome, {
      kind: "deny",
      details: "ext_authz_error",
      reply: { status: 502, headers: ZERO, body: new Uint8Array() },
    });
  });
  Deno.test(`readAnswer() of ${name} passes where that is wanted`, () => {
    const open = { ...AUTH, failOpen: true };
    const outcome = allowed(readAnswer(open, REQUEST, given));
    assert.equal(outcome.isFailOpen, true);
    assert.equal(outcome.request, REQUEST);
    assert.deepEqual(outcome, failedCheck(open, REQUEST));
  });
}
