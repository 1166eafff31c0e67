import { equal } from "node:assert/strict";
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

const MODULE = new URL(
  "../../../src/net/kernel_lane/mod.ts",
  import.meta.url,
).href;

for (const probe of ["probeKernelLane", "probeSpliceLane"]) {
  Deno.test(`${probe}() that takes too long does not take the process along`, async () => {
    const program = `import { ${probe} } from ${JSON.stringify(MODULE)};
      for (let limitMs = 1; limitMs < 40; limitMs++) {
        await ${probe}(limitMs).catch(() => {});
      }
      console.log("lives");`;
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", program],
      cwd: new URL("../../../", import.meta.url),
    }).output();
    equal(new TextDecoder().decode(stdout), "lives\n");
    equal(code, 0);
  });
}
