import assert from "node:assert/strict";
import { linkTarget } from "../../src/sys/link_target.ts";

Deno.test("linkTarget() says where a process's descriptor leads", async () => {
  const path = await Deno.makeTempFile();
  // In a shell of its own: this one's would lead elsewhere while it echoes.
  const child = new Deno.Command("sh", {
    args: ["-c", 'exec >"$0"; (echo up >&2); exec sleep 60', path],
    stderr: "piped",
  }).spawn();
  try {
    const reader = child.stderr.getReader();
    await reader.read();
    assert.equal(linkTarget(`/proc/${child.pid}/fd/1`), path);
    await reader.cancel();
  } finally {
    child.kill("SIGKILL");
    await child.status;
    await Deno.remove(path);
  }
});

Deno.test("linkTarget() knows what is no link", () => {
  assert.equal(linkTarget("/proc/self/fd/none"), undefined);
  assert.equal(linkTarget("/etc/hostname"), undefined);
});
