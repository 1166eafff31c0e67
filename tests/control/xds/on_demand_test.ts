import assert from "node:assert/strict";
import { ControlPlaneError } from "../../../src/control/grpc/mod.ts";
import { ON_DEMAND_NAMES_MAX } from "../../../src/control/xds/limits.ts";
import { OnDemand } from "../../../src/control/xds/on_demand.ts";
import { ADDRESS_TYPE } from "../../../src/wire/xds/mod.ts";
import { FakeIstiod } from "../../support/fake_istiod.ts";
import { workloadResource } from "../../wire/xds/resources.ts";
import { follow, greeted, request, respond, serverOf } from "./harness.ts";

Deno.test("OnDemand asks once for each name and wakes all who wait", async () => {
  const asked: string[] = [];
  const onDemand = new OnDemand((names) => asked.push(...names));
  const waiting = [onDemand.want("/10.0.0.1"), onDemand.want("/10.0.0.1")];
  onDemand.settle(["/10.0.0.2", "/10.0.0.1"]);
  await Promise.all(waiting);
  await onDemand.want("/10.0.0.1");
  assert.deepEqual(asked, ["/10.0.0.1"]);
  assert.deepEqual(onDemand.names(), ["/10.0.0.1"]);
});

Deno.test("OnDemand gives up waiting after its limit, and still takes the answer", async () => {
  const asked: string[] = [];
  const onDemand = new OnDemand((names) => asked.push(...names), 10);
  for (let times = 0; times < 2; times++) {
    await assert.rejects(onDemand.want("a/b"), (reason) => {
      assert.ok(reason instanceof ControlPlaneError);
      assert.equal(
        reason.message,
        'Cannot look up "a/b": no answer in 10 ms',
      );
      return true;
    });
  }
  onDemand.settle(["a/b"]);
  await onDemand.want("a/b");
  assert.deepEqual(asked, ["a/b"]);
});

Deno.test("OnDemand asks for no more names than its limit", async () => {
  const onDemand = new OnDemand(() => {}, 60_000);
  for (let i = 0; i < ON_DEMAND_NAMES_MAX; i++) {
    const waiting = onDemand.want(`/${i}`);
    onDemand.settle([`/${i}`]);
    await waiting;
  }
  await assert.rejects(
    onDemand.want("/more"),
    /100000 names are asked for already/,
  );
  await onDemand.want("/5");
});

const cart = { uid: "c//Pod/shop/cart", name: "cart" };
const aliased = (alias: string) => workloadResource(cart, { aliases: [alias] });

Deno.test("XdsClient on demand asks for nothing, then for what is wanted", async () => {
  await using istiod = await FakeIstiod.start();
  await using followed = follow(serverOf(istiod, { onDemand: true }));
  const { client, store } = followed;
  const call = await greeted(istiod);
  const [address, policies] = call.first;
  assert.deepEqual(address?.resourceNamesSubscribe, ["*"]);
  assert.deepEqual(address?.resourceNamesUnsubscribe, ["*"]);
  assert.deepEqual(policies?.resourceNamesSubscribe, []);
  assert.deepEqual(policies?.resourceNamesUnsubscribe, []);
  respond(call, { typeUrl: policies!.typeUrl });
  await client.synced;
  await request(call);

  const wanted = client.want("/10.0.0.1");
  const asked = await request(call);
  assert.deepEqual(asked?.resourceNamesSubscribe, ["/10.0.0.1"]);
  assert.equal(asked?.typeUrl, ADDRESS_TYPE);
  assert.equal(asked?.responseNonce, "");
  respond(call, { typeUrl: ADDRESS_TYPE, resources: [aliased("/10.0.0.1")] });
  await wanted;
  assert.ok(store.mesh.workloadByUid(cart.uid));
  await request(call);

  const absent = client.want("/10.0.0.9");
  await request(call);
  respond(call, { typeUrl: ADDRESS_TYPE, removedResources: ["/10.0.0.9"] });
  await absent;
});

Deno.test("XdsClient asks a new stream for what was wanted of the old one", async () => {
  await using istiod = await FakeIstiod.start();
  await using followed = follow(serverOf(istiod, { onDemand: true }));
  const call = await greeted(istiod);
  const wanted = followed.client.want("/10.0.0.1");
  await request(call);
  call.begin();
  call.end(14, "transport is closing");
  const again = await greeted(istiod);
  const [address] = again.first;
  assert.deepEqual(address?.resourceNamesSubscribe, ["*", "/10.0.0.1"]);
  assert.deepEqual(address?.resourceNamesUnsubscribe, ["*"]);
  respond(again, { typeUrl: ADDRESS_TYPE, resources: [aliased("/10.0.0.1")] });
  await wanted;
});
