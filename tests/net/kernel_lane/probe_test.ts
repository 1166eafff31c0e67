import {
  probeKernelLane,
  probeSpliceLane,
} from "../../../src/net/kernel_lane/mod.ts";

Deno.test("probeKernelLane() finds the kernel able, and leaves nothing open", async () => {
  await probeKernelLane();
});

Deno.test("probeSpliceLane() finds the kernel able, and leaves nothing open", async () => {
  await probeSpliceLane();
});
