import assert from "node:assert/strict";
import { readKernelFile } from "../../src/sys/kernel_file.ts";
import {
  dropProgramPages,
  unwrittenRanges,
} from "../../src/sys/program_pages.ts";

const MAPS = [
  "2ab1b0400000-2ab1b0440000 rw-p 00000000 00:00 0 ",
  "55ab325c0000-55ab34e0e000 r--p 00000000 fe:00 99779 /opt/my deno",
  "55ab34e0e000-55ab38b00000 r-xp 02b4d000 fe:00 99779 /opt/my deno",
  "55ab38b00000-55ab38d60000 r--p 0681f000 fe:00 99779 /opt/my deno",
  "55ab38d60000-55ab38d80000 rw-p 06a7f000 fe:00 99779 /opt/my deno",
  "7f95cbdc0000-7f95cbfd0000 r-xp 04000000 fe:00 99779 /opt/my deno",
  "7f9664d32000-7f9664e80000 r-xp 00000000 fe:00 88001 /usr/lib/libc.so.6",
  "7f9664e80000-7f9664e90000 r-xp 00000000 fe:00 99779 /opt/my de",
].join("\n");

const startsOf = (file: string) =>
  unwrittenRanges(MAPS, file).map(({ start }) => start.toString(16));

Deno.test("unwrittenRanges() finds code, and constants at the file's start", () => {
  assert.deepEqual(startsOf("/opt/my deno"), [
    "55ab325c0000",
    "55ab34e0e000",
    "7f95cbdc0000",
  ]);
});

Deno.test("unwrittenRanges() leaves other files and lines cut off alone", () => {
  assert.deepEqual(startsOf("/opt/my"), []);
  assert.deepEqual(startsOf("/opt/my de"), []);
  assert.deepEqual(unwrittenRanges("", "/opt/my deno"), []);
});

Deno.test("dropProgramPages() takes pages out, and the process runs on", () => {
  const residentKiB = () => {
    const status = readKernelFile("/proc/self/status") ?? "";
    return Number(/^RssFile:\s+(\d+) kB/m.exec(status)?.[1]);
  };
  const before = residentKiB();
  dropProgramPages();
  const after = residentKiB();
  assert.ok(after < before - 4_096, `${before} to ${after}`);
  assert.equal(JSON.parse('{"still":"here"}').still, "here");
});
