/** The xDS client against a server that says what the test has it say. */
import assert from "node:assert/strict";
import { ADDRESS_TYPE, AUTHORIZATION_TYPE } from "../../../src/wire/xds/mod.ts";
import { FakeIstiod } from "../../support/fake_istiod.ts";
import {
  foreign,
  policyResource,
  serviceResource,
  workloadResource,
} from "../../wire/xds/resources.ts";
import { follow, greeted, request, respond, serverOf } from "./harness.ts";

const cart = { uid: "c//Pod/shop/cart", name: "cart", namespace: "shop" };
const web = { uid: "c//Pod/shop/web", name: "web", namespace: "shop" };
const shop = { name: "cart", namespace: "shop", hostname: "cart.shop.svc" };
const deny = { name: "deny", namespace: "shop", action: 1 };

Deno.test("XdsClient says who it is, what it wants and how it is allowed to", async () => {
  await using istiod = await FakeIstiod.start();
  await using _ = follow(serverOf(istiod, { headers: { "x-team": "blue" } }));
  const { headers, first } = await greeted(istiod);
  assert.equal(
    headers[":path"],
    "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources",
  );
  assert.equal(headers["authorization"], "Bearer secret");
  assert.equal(headers["clusterid"], "c1");
  assert.equal(headers["x-team"], "blue");
  assert.equal(headers["grpc-accept-encoding"], undefined);
  assert.deepEqual(first.map(({ typeUrl }) => typeUrl), [
    ADDRESS_TYPE,
    AUTHORIZATION_TYPE,
  ]);
  for (const asked of first) {
    assert.equal(
      asked.node?.id,
      "ztunnel~1.2.3.4~z.istio-system~istio-system.svc",
    );
    assert.equal(asked.responseNonce, "");
    assert.deepEqual(asked.resourceNamesSubscribe, []);
    assert.deepEqual(asked.initialResourceVersions, {});
  }
});

Deno.test("XdsClient takes what it is told, answers, and is in sync then", async () => {
  await using istiod = await FakeIstiod.start();
  await using followed = follow(serverOf(istiod));
  const { client, store } = followed;
  const call = await greeted(istiod);
  let synced = false;
  client.synced.then(() => synced = true);
  respond(call, {
    typeUrl: ADDRESS_TYPE,
    nonce: "n1",
    resources: [workloadResource(cart), serviceResource(shop)],
  });
  const first = await request(call);
  assert.equal(first?.responseNonce, "n1");
  assert.equal(first?.typeUrl, ADDRESS_TYPE);
  assert.equal(first?.errorDetail, undefined);
  assert.equal(first?.node, undefined);
  assert.equal(synced, false);
  assert.equal(store.mesh.workloadByUid(cart.uid)?.name, "cart");
  assert.ok(store.mesh.serviceByKey("shop/cart.shop.svc"));
  respond(call, {
    typeUrl: AUTHORIZATION_TYPE,
    nonce: "n2",
    resources: [policyResource(deny)],
  });
  await client.synced;
  assert.equal((await request(call))?.responseNonce, "n2");
  assert.equal(store.mesh.policies.get("shop/deny")?.action, "Deny");
  const count = (name: string, url: string) =>
    followed.samples().find((s) => s.startsWith(`${name}{url="${url}"}`));
  assert.equal(
    count("istio_xds_message_total", AUTHORIZATION_TYPE),
    `istio_xds_message_total{url="${AUTHORIZATION_TYPE}"} 1`,
  );
  await followed.untilLine(/xds:xds\{id=1\}\tStream established/);
});

Deno.test("XdsClient removes by name, in the order in which it is told", async () => {
  await using istiod = await FakeIstiod.start();
  await using followed = follow(serverOf(istiod));
  const call = await greeted(istiod);
  const tell = async (resources: Uint8Array[], removedResources: string[]) => {
    respond(call, { typeUrl: ADDRESS_TYPE, resources, removedResources });
    await request(call);
  };
  await tell([workloadResource(cart), serviceResource(shop)], []);
  await tell([workloadResource(web)], [
    cart.uid,
    "shop/cart.shop.svc",
    "shop/none.svc",
    "c//Pod/shop/none",
    "",
  ]);
  const { mesh } = followed.store;
  assert.deepEqual([...mesh.workloads.keys()], [web.uid]);
  assert.equal(mesh.services.size, 0);
  await tell([workloadResource(cart)], [cart.uid]);
  assert.equal(mesh.workloadByUid(cart.uid), undefined);
});

Deno.test("XdsClient refuses what is bad, with the reason, and takes the rest", async () => {
  await using istiod = await FakeIstiod.start();
  await using followed = follow(serverOf(istiod));
  const { client, store } = followed;
  const call = await greeted(istiod);
  respond(call, {
    typeUrl: ADDRESS_TYPE,
    nonce: "n1",
    resources: [workloadResource({ ...cart, node: "old" })],
  });
  await request(call);
  respond(call, {
    typeUrl: ADDRESS_TYPE,
    nonce: "n2",
    resources: [
      workloadResource({ ...cart, status: foreign(9) }),
      new Uint8Array([255, 255]),
      workloadResource(web),
    ],
  });
  const refusal = await request(call);
  assert.equal(refusal?.responseNonce, "n2");
  assert.match(
    refusal?.errorDetail?.message ?? "",
    /^c\/\/Pod\/shop\/cart: unknown workload status 9; \(no name\): ./,
  );
  assert.equal(refusal?.errorDetail?.code, 0);
  assert.equal(store.mesh.workloadByUid(cart.uid)?.node, "old");
  assert.ok(store.mesh.workloadByUid(web.uid));
  await followed.untilLine(
    /error\txds:xds\{id=1\}\tsending response\t.*nonce="n2" type="NACK" error="c\/\/Pod/,
  );
  // A type that was refused in part is not in sync.
  let synced = false;
  client.synced.then(() => synced = true);
  respond(call, {
    typeUrl: AUTHORIZATION_TYPE,
    resources: [policyResource({ ...deny, action: foreign(7) })],
  });
  await request(call);
  assert.equal(synced, false);
  respond(call, { typeUrl: AUTHORIZATION_TYPE });
  await client.synced;
});

Deno.test("XdsClient answers a type that it did not ask for, and takes nothing of it", async () => {
  await using istiod = await FakeIstiod.start();
  await using followed = follow(serverOf(istiod));
  const call = await greeted(istiod);
  respond(call, {
    typeUrl: "type.googleapis.com/other",
    nonce: "x",
    resources: [workloadResource(cart)],
  });
  const answer = await request(call);
  assert.equal(answer?.responseNonce, "x");
  assert.equal(answer?.typeUrl, "type.googleapis.com/other");
  assert.equal(answer?.errorDetail, undefined);
  assert.equal(followed.published.length, 0);
  await followed.untilLine(
    /unknown type\ttype_url="type.googleapis.com\/other"/,
  );
});

Deno.test("XdsClient tells a new stream what it holds, and publishes no repetition", async () => {
  await using istiod = await FakeIstiod.start();
  await using followed = follow(serverOf(istiod));
  const call = await greeted(istiod);
  const versioned = (init: object, version: string) =>
    workloadResource({ ...cart, ...init }, { version });
  respond(call, {
    typeUrl: ADDRESS_TYPE,
    resources: [
      versioned({}, "v1"),
      workloadResource({ ...web, status: foreign(4) }, { version: "v7" }),
    ],
  });
  await request(call);
  respond(call, {
    typeUrl: AUTHORIZATION_TYPE,
    resources: [policyResource(deny)],
  });
  await request(call);
  const publishedBefore = followed.published.length;
  call.end(0);
  const again = await greeted(istiod);
  assert.deepEqual(
    again.first.map(({ initialResourceVersions }) => initialResourceVersions),
    [{ [cart.uid]: "v1" }, { "shop/deny": "" }],
  );
  respond(again, {
    typeUrl: ADDRESS_TYPE,
    resources: [versioned({}, "v1")],
  });
  await request(again);
  respond(again, {
    typeUrl: AUTHORIZATION_TYPE,
    resources: [policyResource(deny)],
  });
  await request(again);
  assert.equal(followed.published.length, publishedBefore);
  assert.ok(followed.store.mesh.workloadByUid(cart.uid));
  assert.ok(
    followed.samples().includes(
      'istio_xds_connection_terminations_total{reason="Complete"} 1',
    ),
  );
  await followed.untilLine(/warn\txds:xds\{id=1\}\tXDS client complete/);
});

Deno.test("XdsClient lets others have turns while it takes a large update", async () => {
  await using istiod = await FakeIstiod.start();
  await using followed = follow(serverOf(istiod));
  const call = await greeted(istiod);
  const resources = Array.from({ length: 20_000 }, (_, i) =>
    workloadResource({
      ...cart,
      uid: `c//Pod/shop/cart-${i}`,
      addresses: [Uint8Array.of(10, 1, i >> 8, i)],
      services: {
        "shop/cart.shop.svc": { ports: [{ servicePort: 80, targetPort: 80 }] },
      },
    }));
  respond(call, { typeUrl: ADDRESS_TYPE, resources });
  let turns = 0;
  await followed.untilLine(/received response/);
  const timer = setInterval(() => turns++, 0);
  await request(call);
  clearInterval(timer);
  assert.equal(followed.store.mesh.workloads.size, 20_000);
  assert.ok(followed.published.length > 10);
  assert.ok(turns > 2, `${turns} turns`);
});
