import assert from "node:assert/strict";
import { retryPolicy } from "../../../src/decide/http/retry.ts";
import type { WaypointCall } from "../../../src/proxy/waypoint/call.ts";
import {
  forward,
  type ForwardPlan,
} from "../../../src/proxy/waypoint/forward.ts";
import { Loads } from "../../../src/proxy/waypoint/loads.ts";
import type { RequestRecord } from "../../../src/proxy/waypoint/request_record.ts";
import { Upstreams } from "../../../src/proxy/waypoint/upstreams.ts";
import { FakeMessage } from "../../support/fake_message.ts";
import { TestProxy } from "../../support/proxy_context.ts";
import {
  at,
  hostOf,
  pod,
  service,
  serving,
} from "../../support/sample_mesh.ts";
import { freePort } from "../../support/sockets.ts";
import { waypointView } from "../../support/waypoint_view.ts";

const KEY = `ns1/${hostOf("web")}` as const;
const PLAN: ForwardPlan = {
  kind: "forward",
  request: {
    method: "GET",
    scheme: "http",
    authority: "web",
    path: "/",
    headers: [],
  } as unknown as ForwardPlan["request"],
  target: { kind: "service", service: KEY, port: 80 },
  mirrors: [],
  responseHeaders: [],
  timeouts: {},
  retry: retryPolicy({ codes: [503], attempts: 1, backoffMs: 1 }),
};

/** Sends a request to the one endpoint of a service, which listens on `port`. */
function send(port: number, retriesUnderWay: number) {
  const endpoint = pod("one", ["127.0.0.1"], {
    ...serving("web"),
    protocol: "TCP",
  });
  const ports = { 80: port };
  const { context, served } = new TestProxy({
    workloads: [endpoint],
    services: [service("web", ["10.1.0.1"], { ports })],
  });
  const loads = new Loads();
  loads.of(KEY).retries = retriesUnderWay;
  const upstreams = new Upstreams(context);
  const call = {
    context,
    view: waypointView(),
    pod: served,
    workload: pod("waypoint", ["127.0.0.1"]),
    upstreams,
    loads,
    hops: 0,
    dst: at("10.1.0.1", 80),
  } as unknown as WaypointCall;
  const record = { elapsedMs: 0, sentTo() {} } as unknown as RequestRecord;
  const client = new FakeMessage();
  const arrived = { headers: [], end: true, version: "http1" } as const;
  const ended = forward({ call, client, arrived, record }, PLAN);
  return { ended, upstreams };
}

/** An endpoint that answers everything with that status, and counts. */
async function withEndpoint(
  status: number,
  run: (port: number) => Promise<void>,
): Promise<number> {
  let requests = 0;
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => (requests++, new Response("no", { status })),
  );
  try {
    await run(server.addr.port);
  } finally {
    await server.shutdown();
  }
  return requests;
}

const BUDGET = 3;
const rows: [name: string, retriesUnderWay: number, flags: string[]][] = [
  ["no word of the budget after the last attempt", 0, []],
  ["that only the budget forbade another attempt", BUDGET, ["UO"]],
];
for (const [name, retriesUnderWay, flags] of rows) {
  Deno.test(`forward() says ${name}, without an endpoint that answers`, async () => {
    const end = await send(freePort(), retriesUnderWay).ended;
    assert.ok(end.kind === "failed");
    assert.deepEqual(end.flags, flags);
  });

  Deno.test(`forward() says ${name}, with an answer that was to be tried again`, async () => {
    const requests = await withEndpoint(503, async (port) => {
      const { ended, upstreams } = send(port, retriesUnderWay);
      const end = await ended;
      assert.ok(end.kind === "answered");
      assert.equal(end.outcome.status, 503);
      assert.deepEqual(end.outcome.flags, flags);
      upstreams.drain();
    });
    assert.equal(requests, flags.length === 0 ? 2 : 1);
  });
}
