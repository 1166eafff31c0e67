import assert from "node:assert/strict";
import {
  CONNECTIONS_LOGGED_MAX,
  tellOpenConnections,
} from "../../src/control/open_connections.ts";
import type { NodePod } from "../../src/kube/mod.ts";
import type { OpenConnections } from "../../src/redirect/mod.ts";
import { createLogging } from "../../src/telemetry/log.ts";

const POD: NodePod = {
  uid: "u1",
  name: "web",
  namespace: "shop",
  serviceAccount: "web",
  netnsPath: "/n",
  ips: [],
  overrides: { bypassInboundCapture: false, rerouteVirtualInterfaces: [] },
};

function tell(open: OpenConnections) {
  const lines: string[] = [];
  const counts: Record<string, number> = {};
  const events: string[] = [];
  const logging = createLogging({
    filter: "debug",
    format: "plain",
    write: (text) => lines.push(...text.trim().split("\n")),
    now: () => new Date(0),
  });
  tellOpenConnections(POD, open, {
    log: logging.scope("inpod"),
    count: (fate, connections) => counts[fate] = connections,
    event: ({ uid }, message) => events.push(`${uid} ${message}`),
  });
  logging.flush();
  return { lines, counts, events };
}

const of = (count: number): OpenConnections => ({
  connections: Array.from(
    { length: count },
    (_, port) => ({ local: "a", peer: `b:${port}`, fate: "kept" as const }),
  ),
  problem: undefined,
});

Deno.test("tellOpenConnections() logs the count, and each connection at debug", () => {
  const { lines, counts, events } = tell(of(2));
  assert.equal(lines.length, 3);
  assert.match(
    lines[0]!,
    /\tinfo\t.*pod had connections open.*kept=2 reset=0 ending=0/,
  );
  assert.match(
    lines[2]!,
    /\tdebug\t.*open connection.*peer="?b:1"?.*fate="?kept/,
  );
  assert.deepEqual(counts, { kept: 2, reset: 0, ending: 0 });
  assert.deepEqual(events, [
    "u1 open connections: 2 kept as they are, past the proxy",
  ]);
});

Deno.test("tellOpenConnections() warns of what went wrong", () => {
  const { lines, events } = tell({ ...of(0), problem: "Cannot ask" });
  assert.match(lines[0]!, /\twarn\t.*error="?Cannot ask/);
  assert.equal(events.length, 1);
});

Deno.test("tellOpenConnections() is silent where there is nothing to tell", () => {
  assert.deepEqual(tell(of(0)), { lines: [], counts: {}, events: [] });
});

Deno.test("tellOpenConnections() lists so many and no more", () => {
  const { lines, counts } = tell(of(CONNECTIONS_LOGGED_MAX + 5));
  assert.equal(lines.length, CONNECTIONS_LOGGED_MAX + 1);
  assert.equal(counts.kept, CONNECTIONS_LOGGED_MAX + 5);
});
