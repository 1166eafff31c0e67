/** The systemd unit: what systemd says of it, and a mesh within its limits. */
import assert from "node:assert/strict";
import { hasProgram, run } from "../lab/command.ts";
import { labTest, withMesh } from "./support.ts";

const PATH = new URL("../../scripts/systemd/hairpin.service", import.meta.url)
  .pathname;

/** All values of a setting, in order. */
function settings(unit: string, name: string): string[] {
  return unit.split("\n").filter((line) => line.startsWith(`${name}=`))
    .map((line) => line.slice(name.length + 1));
}

/** A folder with the unit, whose program is one that is there. */
async function withUnit(body: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "hairpin-unit-" });
  try {
    const unit = await Deno.readTextFile(PATH);
    const path = `${folder}/hairpin.service`;
    const there = unit.replace(/^(ExecStart=)\S+/m, "$1/bin/true");
    assert.notEqual(there, unit);
    await Deno.writeTextFile(path, there);
    await body(path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const withoutSystemd = !await hasProgram("systemd-analyze");
if (withoutSystemd) {
  console.log(
    "systemd's own check of the unit is left out: no systemd-analyze",
  );
}

Deno.test("systemd takes the unit, every line of it", async () => {
  await withUnit(async (path) => {
    if (withoutSystemd) return;
    const { code, stderr } = await run(["systemd-analyze", "verify", path]);
    assert.equal(stderr, "");
    assert.equal(code, 0);
  });
});

labTest("a mesh works with the unit's rights and file system", async () => {
  const unit = await Deno.readTextFile(PATH);
  const [bounding = ""] = settings(unit, "CapabilityBoundingSet");
  const caps = bounding.split(" ").map((name) =>
    `+${name.replace("CAP_", "").toLowerCase()}`
  );
  const [writable = ""] = settings(unit, "ReadWritePaths");
  assert.equal(settings(unit, "ProtectSystem")[0], "strict");
  assert.equal(settings(unit, "NoNewPrivileges")[0], "yes");
  assert.equal(settings(unit, "PrivateTmp")[0], "yes");
  const program = [
    ...["unshare", "--mount", "--propagation", "slave", "sh", "-c", SANDBOX],
    ...[writable, "setpriv", `--bounding-set=-all,${caps.join(",")}`],
    ...["--inh-caps=-all", "--no-new-privs", "--"],
    ...[Deno.execPath(), "run", "-P", "main.ts"],
  ];
  await withMesh({ program }, async (mesh) => {
    const url = mesh.urlOf(mesh.services.httpbin);
    assert.equal((await mesh.get(mesh.sleep, url)).status, 200);
  });
});

/** Read-only but for the folders of $0, and /tmp as systemd gives one; then the program. */
const SANDBOX = `
mount -o remount,bind,ro /
for path in $0 /tmp; do mount --rbind "$path" "$path" && mount -o remount,bind,rw "$path"; done
if touch /usr/hairpin-was-here 2>/dev/null; then exit 70; fi
exec "$@"
`;
