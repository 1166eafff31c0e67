import assert from "node:assert/strict";
import { readKernelFile } from "../../src/sys/kernel_file.ts";

Deno.test("readKernelFile() reads files whose size is not known before", () => {
  assert.match(readKernelFile("/proc/self/stat")!, new RegExp(`^${Deno.pid} `));
});

Deno.test("readKernelFile() returns undefined for what it cannot read", () => {
  assert.equal(readKernelFile("/proc/no-such-file"), undefined);
  assert.equal(readKernelFile("/proc/self"), undefined);
});

Deno.test("readKernelFile() cuts off what is too long", () => {
  assert.equal(readKernelFile("/dev/zero")?.length, 65_536);
});
