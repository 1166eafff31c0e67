import assert from "node:assert/strict";
import fc from "fast-check";
import {
  addressesOf,
  CniError,
  istioEvent,
  readNodeAnswer,
  readPodMessage,
} from "../../../src/wire/cni/mod.ts";

const POD = { name: "web-0", namespace: "shop", uid: undefined };

Deno.test("istioEvent() is what Istio's agent reads", () => {
  const addresses = addressesOf({
    ips: [
      { address: "10.244.1.5/24", gateway: "10.244.1.1", interface: 2 },
      { address: "fd00::5/64" },
    ],
  });
  assert.deepEqual(JSON.parse(istioEvent("/n", POD, addresses)), {
    Netns: "/n",
    PodName: "web-0",
    PodNamespace: "shop",
    IPs: [
      {
        Interface: 2,
        Address: { IP: "10.244.1.5", Mask: "////AA==" },
        Gateway: "10.244.1.1",
      },
      {
        Interface: null,
        Address: { IP: "fd00::5", Mask: "//////////8AAAAAAAAAAA==" },
        Gateway: "",
      },
    ],
  });
  assert.equal(JSON.parse(istioEvent("/n", POD, [])).IPs, null);
});

Deno.test("addressesOf() leaves out what is no address", () => {
  const ips = [1, {}, { address: "a/1" }, { address: "10.0.0.1" }, {
    address: "10.0.0.1/33",
  }, { address: "10.0.0.1/8/9" }];
  assert.deepEqual(addressesOf({ ips }), []);
  assert.deepEqual(addressesOf({ ips: "x" }), []);
  assert.deepEqual(addressesOf(undefined), []);
});

Deno.test("readPodMessage() reads what the plugin writes, and refuses the rest", () => {
  const message = {
    containerId: "c",
    netns: "/n",
    name: "a",
    namespace: "b",
    ips: ["10.0.0.1"],
  };
  assert.deepEqual(readPodMessage(JSON.stringify(message)), message);
  const wrong: object[] = [
    { netns: "n" },
    { name: "" },
    { ips: "10.0.0.1" },
    { ips: [1] },
    { uid: 1 },
    { namespace: "a\0" },
  ];
  for (const change of wrong) {
    const text = JSON.stringify({ ...message, ...change });
    assert.throws(() => readPodMessage(text), CniError, text);
  }
});

Deno.test("messages fail with nothing but a CniError", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
    for (const read of [readPodMessage, readNodeAnswer]) {
      try {
        read(text);
      } catch (reason) {
        assert.ok(reason instanceof CniError, String(reason));
      }
    }
  }));
});
