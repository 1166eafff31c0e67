import assert from "node:assert/strict";
import { failed, follow, type Followed, listOf, service } from "./fake_api.ts";

const added = (object: object) => ({ type: "ADDED", object });
const modified = (object: object) => ({ type: "MODIFIED", object });
const deleted = (object: object) => ({ type: "DELETED", object });
const expired = {
  type: "ERROR",
  object: { kind: "Status", code: 410, message: "too old resource version" },
};
const bookmark = (resourceVersion: string) => ({
  type: "BOOKMARK",
  object: { kind: "Service", metadata: { resourceVersion } },
});

Deno.test("followKubeApi() lists all pages, then watches from there", async () => {
  const f = await follow((_path, query) =>
    query.get("continue") === "more"
      ? listOf([service("b")], "12")
      : listOf([service("a")], "11", "more")
  );
  assert.deepEqual(f.names(), ["a", "b"]);
  assert.equal(f.api.listed(), 2);
  const { path, query } = f.api.latest;
  assert.equal(path, "/api/v1/services");
  assert.equal(query.get("resourceVersion"), "12");
  assert.equal(query.get("allowWatchBookmarks"), "true");
  assert.equal(query.get("timeoutSeconds"), "270");
  await f.end();
});

Deno.test("followKubeApi() takes what appears, changes and goes", async () => {
  const f = await follow(() => listOf([service("a"), service("b")]));
  await f.api.latest.send(added(service("c")), deleted(service("a")));
  await f.api.latest.send(modified(service("b", { ports: [{ port: 81 }] })));
  assert.equal(f.updates.length, 1);
  await f.clock.advance(100);
  assert.equal(f.updates.length, 2);
  assert.deepEqual(f.names(), ["b", "c"]);
  const b = f.updates.at(-1)![0]! as unknown as { spec: { ports: object[] } };
  assert.deepEqual(b.spec.ports.map((p) => (p as { port: number }).port), [81]);
  await f.end();
});

Deno.test("followKubeApi() waits for every kind before it tells of any", async () => {
  let ready = false;
  const f = await follow((path) => {
    if (path.endsWith("/pods") && !ready) throw failed(503);
    return listOf(path.endsWith("/services") ? [service("a")] : []);
  }, [{ kind: "Service" }, { kind: "Pod" }]);
  await f.clock.advance(400);
  assert.equal(f.updates.length, 0);
  ready = true;
  await f.clock.advance(10_000);
  await f.following.synced;
  assert.deepEqual(f.names(), ["a"]);
  assert.deepEqual(f.following.errors(), []);
  await f.end();
});

Deno.test("followKubeApi() is silent about changes that it does not read", async () => {
  const f = await follow(
    () => listOf([service("a")]),
    [{ kind: "Service" }],
    new Set(["Service"]),
  );
  const { records } = f;
  await f.api.latest.send(modified(service("a", { sessionAffinity: "None" })));
  await f.clock.advance(1_000);
  assert.equal(f.updates.length, 1);
  assert.equal(f.records, records + 1);
  await f.end();
});

Deno.test("a watch goes on where the last one ended, bookmarks included", async () => {
  const f = await follow(() => listOf([service("a")]));
  await f.api.latest.send(bookmark("77"));
  await f.clock.advance(5_000);
  await f.api.latest.end();
  assert.equal(f.api.latest.query.get("resourceVersion"), "77");
  assert.equal(f.api.listed(), 1);
  await f.end();
});

Deno.test("a version that expired is listed anew, and the difference told", async () => {
  let items = [service("a"), service("b")];
  const f = await follow(() => listOf(items));
  items = [items[1]!, service("c")];
  await f.api.latest.send(expired);
  await f.clock.advance(1_000);
  assert.equal(f.api.listed(), 2);
  assert.deepEqual(f.names(), ["b", "c"]);
  await f.end();
});

/** Lets the delay pass that is under way now. @returns its length. */
async function passDelay({ clock }: Followed): Promise<number> {
  const delayMs = clock.nextMs! - clock.nowMs();
  await clock.advance(delayMs);
  return delayMs;
}

Deno.test("a version that always expires is listed ever more slowly", async () => {
  const f = await follow(() => listOf([service("a")]));
  const delays: number[] = [];
  for (let turn = 0; turn < 8; turn++) {
    await f.api.latest.send(expired);
    delays.push(await passDelay(f));
  }
  assert.equal(f.api.listed(), 9);
  assert.deepEqual(
    delays,
    [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000],
  );
  await f.end();
});

Deno.test("a watch that ends as soon as it began is no hot loop", async () => {
  const f = await follow(() => listOf([]));
  const delays: number[] = [];
  for (let turn = 0; turn < 3; turn++) {
    await f.api.latest.end();
    assert.match(f.following.errors()[0]!, /it ended as soon as it began$/);
    delays.push(await passDelay(f));
  }
  assert.deepEqual(delays, [500, 1_000, 2_000]);
  await f.clock.advance(1_000);
  await f.api.latest.end();
  assert.equal(f.api.watches.length, 5);
  await f.end();
});

for (
  const [name, line] of [
    ["garbage", "{"],
    ["an unknown event", '{"type":"NEW","object":{}}'],
    ["no event at all", "[]"],
    ["an event without object", '{"type":"ADDED"}'],
  ] as const
) {
  Deno.test(`a watch is opened again after ${name}`, async () => {
    const f = await follow(() => listOf([service("a")]));
    const b = service("b");
    await f.api.latest.send(added(b));
    await f.api.latest.send(line);
    await f.clock.advance(1_000);
    assert.equal(f.api.watches.length, 2);
    const from = f.api.latest.query.get("resourceVersion");
    assert.equal(from, b.metadata.resourceVersion);
    assert.deepEqual(f.names(), ["a", "b"]);
    assert.deepEqual(f.failures, [undefined]);
    await f.end();
  });
}

Deno.test("a kind without a version that is known is asked for in older ones", async () => {
  const f = await follow((path) => {
    if (path !== "/apis/gateway.networking.k8s.io/v1alpha2/tlsroutes") {
      throw failed(404);
    }
    const metadata = { name: "r", namespace: "n", resourceVersion: "3" };
    return listOf([{ metadata, spec: {} }]);
  }, [{ kind: "TLSRoute" }]);
  await f.clock.advance(10);
  assert.deepEqual(f.names(), ["r"]);
  assert.match(f.api.latest.path, /v1alpha2\/tlsroutes$/);
  await f.end();
});

Deno.test("a kind that is not there is named once and found later", async () => {
  let there = false;
  const f = await follow(() => {
    if (!there) throw failed(404);
    return listOf([service("a")]);
  });
  assert.deepEqual(f.names(), []);
  assert.equal(f.updates.length, 1);
  await f.clock.advance(200_000);
  assert.deepEqual(
    f.logs.filter((line) => line.includes("not in this cluster")).length,
    1,
  );
  assert.deepEqual(f.following.errors(), []);
  there = true;
  await f.clock.advance(40_000);
  assert.deepEqual(f.names(), ["a"]);
  await f.end();
});

Deno.test("objects survive a server that misses their kind for a moment", async () => {
  let there = true;
  const f = await follow(() => {
    if (!there) throw failed(404);
    return listOf([service("a")]);
  });
  there = false;
  await f.api.latest.send(expired);
  await f.clock.advance(600);
  assert.deepEqual(f.names(), ["a"]);
  assert.equal(f.updates.length, 1);
  await f.clock.advance(60_000);
  assert.deepEqual(f.names(), []);
  await f.end();
});

Deno.test("a right that is missing is said once, and told as long as it is", async () => {
  let status = 403;
  const f = await follow(() => {
    if (status !== 0) throw failed(status);
    return listOf([service("a")]);
  });
  await f.clock.advance(100_000);
  assert.equal(f.updates.length, 0);
  assert.equal(f.logs.filter((l) => l.includes("is not followed")).length, 1);
  assert.deepEqual(f.following.errors(), ["Cannot list: status 403"]);
  status = 401;
  await f.clock.advance(60_000);
  assert.deepEqual(f.following.errors(), ["Cannot list: status 401"]);
  status = 0;
  await f.clock.advance(60_000);
  assert.deepEqual(f.names(), ["a"]);
  assert.deepEqual(f.following.errors(), []);
  assert(f.failures.includes(403) && f.failures.includes(401));
  await f.end();
});

Deno.test("a refused watch keeps what is known", async () => {
  const f = await follow(() => listOf([service("a")]));
  f.api.refuseWatch = failed(500);
  await f.clock.advance(5_000);
  await f.api.latest.end(new Error("connection reset"));
  await f.clock.advance(100_000);
  assert.deepEqual(f.following.errors(), ["Cannot list: status 500"]);
  assert.deepEqual(f.names(), ["a"]);
  assert.equal(f.api.listed(), 1);
  f.api.refuseWatch = undefined;
  await f.clock.advance(40_000);
  assert.deepEqual(f.following.errors(), []);
  await f.api.latest.send(added(service("b")));
  await f.clock.advance(100);
  assert.deepEqual(f.names(), ["a", "b"]);
  await f.end();
});

const bad = { ports: [{ port: 0 }] };

Deno.test("an object that does not validate keeps its last good version", async () => {
  const f = await follow(() => listOf([service("a"), service("b")]));
  await f.api.latest.send(modified(service("a", bad)), added(service("c")));
  await f.clock.advance(100);
  assert.deepEqual(f.names(), ["a", "b", "c"]);
  const [error, ...others] = f.following.errors();
  assert.match(
    error!,
    /^Cannot use Service "n\/a": spec.ports\[0\].port: .*; its last good version stays in force$/,
  );
  assert.deepEqual(others, []);
  assert.deepEqual(f.rejected, ["Service"]);
  await f.api.latest.send(modified(service("a", { ports: [{ port: 2 }] })));
  await f.clock.advance(100);
  assert.deepEqual(f.following.errors(), []);
  await f.end();
});

Deno.test("an object that never validated stops no other", async () => {
  const f = await follow(() => listOf([service("a", bad), service("b")]));
  assert.deepEqual(f.names(), ["b"]);
  assert.match(f.following.errors()[0]!, /"n\/a": .*; it is left out$/);
  await f.api.latest.send(deleted(service("a", bad)));
  assert.deepEqual(f.following.errors(), []);
  await f.end();
});

Deno.test("a new list keeps the last good version too", async () => {
  let items = [service("a")];
  const f = await follow(() => listOf(items));
  items = [service("a", bad)];
  await f.api.latest.send(expired);
  await f.clock.advance(1_000);
  assert.deepEqual(f.names(), ["a"]);
  assert.equal(f.following.errors().length, 1);
  await f.end();
});

Deno.test("nothing is read that only copies the object", async () => {
  const annotations = {
    "kubectl.kubernetes.io/last-applied-configuration": "{}",
    other: "x",
  };
  const f = await follow(() => listOf([service("a", {}, { annotations })]));
  assert.deepEqual(f.updates[0]![0]!.metadata.annotations, { other: "x" });
  await f.end();
});

Deno.test("a scope names namespace and selectors", async () => {
  const f = await follow(() => listOf([]), [{
    kind: "Pod",
    namespace: "n",
    labelSelector: "a=b",
    fieldSelector: "spec.nodeName=x",
  }]);
  for (const { path } of f.api.requests) {
    assert.match(path, /^\/api\/v1\/namespaces\/n\/pods\?labelSelector=a%3Db&/);
    assert.match(path, /&fieldSelector=spec.nodeName%3Dx&/);
  }
  assert.equal(f.api.requests.length, 2);
  await f.end();
});
