/** Devices are found by making them, where nobody sees it. */
import assert from "node:assert/strict";
import {
  DEVICE_KINDS,
  probeDevices,
  requireDevice,
} from "../../src/redirect/node/probe_devices.ts";
import { Programs } from "../support/rule_faults.ts";

Deno.test("probeDevices() tries each kind, best first, and finds a veth pair", async () => {
  const probed = await probeDevices();
  assert.deepEqual(probed.map(({ kind }) => kind), DEVICE_KINDS);
  assert.deepEqual(probed[0], { kind: "veth" });
  // What the others need differs by kernel; whoever fails says why.
  for (const { failure } of probed) assert.notEqual(failure, "");
});

Deno.test("probeDevices() leaves nothing in this namespace", async () => {
  const links = async () => {
    const { stdout } = await new Deno.Command("ip", { args: ["-o", "link"] })
      .output();
    return new TextDecoder().decode(stdout);
  };
  await probeDevices();
  assert.doesNotMatch(await links(), /try-/);
});

Deno.test("requireDevice() says what a kernel without veth lacks", async () => {
  await using programs = await Programs.make();
  const ip = await programs.put(
    "ip",
    'echo "Error: Unknown device type." >&2; exit 2',
  );
  await assert.rejects(
    requireDevice(ip),
    /^RedirectError: Cannot redirect this node by "veth": .*Unknown device type\. \(hint: load the kernel's module veth/,
  );
  await requireDevice();
});
