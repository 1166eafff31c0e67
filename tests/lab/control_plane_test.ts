/** The control plane that other tests stand on: real programs, on loopback. */
import assert from "node:assert/strict";
import { ControlPlane, controlPlaneSkipReason } from "./control_plane/mod.ts";

const skip = await controlPlaneSkipReason();
if (skip !== undefined) {
  console.log(`tests of the lab's control plane are skipped: ${skip}`);
}

Deno.test({
  name: "ControlPlane serves the API, and istiod its debug pages",
  ignore: skip !== undefined,
  fn: async () => {
    await using plane = await ControlPlane.start();
    const proxy = await plane.addNode("node-1", "10.77.1.2");
    assert.match(await Deno.readTextFile(proxy.tokenPath), /^[\w-]+\.[\w-]+\./);
    await plane.addNamespace("shop");
    await plane.addPod({
      name: "cart",
      namespace: "shop",
      node: "node-1",
      ips: ["10.77.1.10", "fd77:1::10"],
    });
    const { status } = await plane.get<{ status: { podIP: string } }>(
      "pod",
      "cart",
      "shop",
    );
    assert.equal(status.podIP, "10.77.1.10");
    const shows = async () => {
      const page = await fetch(`${plane.istiod.debugUrl}/ambientz`);
      return (await page.text()).includes("Kubernetes//Pod/shop/cart");
    };
    while (!await shows()) await new Promise((r) => setTimeout(r, 100));
    await plane.delete("pod", "cart", "shop");
    while (await shows()) await new Promise((r) => setTimeout(r, 100));
    await plane.stopIstiod("SIGKILL");
    await plane.startIstiod();
    assert.equal(plane.istiodProcess.running, true);
  },
});
