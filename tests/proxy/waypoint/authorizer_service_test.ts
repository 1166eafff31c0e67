import assert from "node:assert/strict";
import type { HttpAuthorizer } from "../../../src/model/external_authorizer.ts";
import type { MessageStream } from "../../../src/net/message_stream.ts";
import { ExchangeError } from "../../../src/net/http1_session.ts";
import { StreamResetError } from "../../../src/net/h2_stream.ts";
import {
  askService,
  serviceOfAuthorizer,
} from "../../../src/proxy/waypoint/authorizer_service.ts";
import type { WaypointCall } from "../../../src/proxy/waypoint/call.ts";
import { Loads } from "../../../src/proxy/waypoint/loads.ts";
import { H2Code } from "../../../src/wire/h2/mod.ts";
import { FakeMessage } from "../../support/fake_message.ts";
import { TestProxy } from "../../support/proxy_context.ts";
import { hostOf, pod, service, serving } from "../../support/sample_mesh.ts";
import { waypointView } from "../../support/waypoint_view.ts";

const AUTH: HttpAuthorizer = {
  protocol: "http",
  name: "auth",
  service: hostOf("auth"),
  port: 80,
  timeoutMs: 60_000,
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
const SERVICE = service("auth", ["10.96.0.1"]);
const ASKED = {
  version: "http1",
  headers: [[":method", "GET"]],
  body: new Uint8Array(),
} as const;

/** A call whose upstream streams are played by the test, one after the other. */
function callTo(...streams: (MessageStream | Promise<MessageStream>)[]) {
  const { context, served } = new TestProxy({
    services: [SERVICE],
    workloads: [pod("auth", ["10.0.0.2"], serving("auth"))],
  });
  const view = waypointView();
  let opened = 0;
  const upstreams = {
    open: () =>
      Promise.resolve(streams[opened++] ?? Promise.reject(new Error("none"))),
  };
  const call = {
    context,
    view,
    pod: served,
    workload: pod("waypoint", ["10.0.0.1"]),
    upstreams,
    loads: new Loads(),
    hops: 0,
  } as unknown as WaypointCall;
  return { call, opened: () => opened };
}

function answering(status: string): FakeMessage {
  const message = new FakeMessage();
  message.headers([[":status", status]]);
  message.finish();
  return message;
}

function closedWith(error: Error): FakeMessage {
  const message = new FakeMessage();
  message.close(error);
  return message;
}

const found: [
  name: string,
  fields: Partial<HttpAuthorizer>,
  isFound: boolean,
][] = [
  ["its host name", {}, true],
  ["its namespace and host name", { service: `ns1/${hostOf("auth")}` }, true],
  ["another namespace", { service: `ns2/${hostOf("auth")}` }, false],
  ["another name", { service: hostOf("other") }, false],
  ["a port that it does not have", { port: 81 }, false],
];
for (const [name, fields, isFound] of found) {
  Deno.test(`serviceOfAuthorizer() by ${name} finds it: ${isFound}`, () => {
    const { call } = callTo();
    const service = serviceOfAuthorizer(call, { ...AUTH, ...fields });
    assert.deepEqual(service, isFound ? SERVICE : undefined);
  });
}

Deno.test("askService() gives the whole answer", async () => {
  const { call } = callTo(answering("200"));
  const { headers } = await askService(call, AUTH, SERVICE, ASKED);
  assert.deepEqual(headers, [[":status", "200"]]);
});

const unseen: [name: string, error: Error][] = [
  ["ended before an answer", new ExchangeError("unanswered", true)],
  ["refused the stream", new StreamResetError(H2Code.REFUSED_STREAM)],
];
for (const [name, error] of unseen) {
  Deno.test(`askService() asks again on a connection that ${name}, once`, async () => {
    const { call } = callTo(closedWith(error), answering("200"));
    await askService(call, AUTH, SERVICE, ASKED);
    const twice = callTo(
      closedWith(error),
      closedWith(error),
      answering("200"),
    );
    await assert.rejects(askService(twice.call, AUTH, SERVICE, ASKED));
    assert.equal(twice.opened(), 2);
  });
}

const seen: [name: string, error: Error][] = [
  ["was new", new ExchangeError("unanswered", false)],
  ["broke in the answer", new ExchangeError("truncated", true)],
  ["was reset", new StreamResetError(H2Code.CANCEL)],
];
for (const [name, error] of seen) {
  Deno.test(`askService() asks once on a connection that ${name}`, async () => {
    const { call, opened } = callTo(closedWith(error), answering("200"));
    await assert.rejects(askService(call, AUTH, SERVICE, ASKED));
    assert.equal(opened(), 1);
  });
}

Deno.test("askService() gives up in time, and takes back what it sent", async () => {
  const silent = new FakeMessage();
  const { call } = callTo(silent);
  const hasty = { ...AUTH, timeoutMs: 1 };
  await assert.rejects(askService(call, hasty, SERVICE, ASKED), {
    message: 'Cannot ask authorizer "auth": no answer in 1 ms',
  });
  assert.equal(silent.wasReset, true);
});

Deno.test("askService() counts the time of connecting too", async () => {
  const opening = Promise.withResolvers<MessageStream>();
  const { call } = callTo(opening.promise);
  const hasty = { ...AUTH, timeoutMs: 1 };
  await assert.rejects(askService(call, hasty, SERVICE, ASKED), {
    message: 'Cannot ask authorizer "auth": no answer in 1 ms',
  });
  const late = new FakeMessage();
  opening.resolve(late);
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(late.wasReset, true);
});

Deno.test("askService() sends a body and ends it", async () => {
  const message = answering("200");
  const { call } = callTo(message);
  const body = new TextEncoder().encode("abc");
  await askService(call, AUTH, SERVICE, { ...ASKED, body });
  assert.deepEqual(message.sent, ["abc", "end"]);
});
