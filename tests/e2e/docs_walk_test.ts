/** The page for machines without Kubernetes, typed from its first command to its last. */
import assert from "node:assert/strict";
import { hasProgram, run } from "../lab/command.ts";
import { labSkipReason } from "../lab/mod.ts";
import { scripts } from "../support/markdown.ts";
import { makeHairpinCommand, REPOSITORY_PATH } from "./docs_support.ts";

const PAGE = `${REPOSITORY_PATH}/.github/docs/machines.md`;

const skip = await labSkipReason() ??
  (await hasProgram("python3") ? undefined : "the page's server is python3");
if (skip !== undefined) {
  console.log(`the walk on one machine is skipped: ${skip}`);
}

/** A machine of its own: nothing of the walk is seen outside, or outlives it. */
const MACHINE = ["unshare", "--mount", "--net", "--pid", "--fork"];
const PREPARE = `
set -em
mount -t proc proc /proc
mount -t tmpfs netns /run/netns
ip link set lo up
cd "$1"
`;
/** A cold start on a machine that is busy, and what is waited for on the way. */
const WALK_TIMEOUT_MS = 180_000;

Deno.test({
  name: "machines.md: from nothing to a policy that holds, and away again",
  ignore: skip !== undefined,
  fn: async () => {
    const folder = await Deno.makeTempDir({ prefix: "hairpin-walk-" });
    try {
      const commands = scripts(await Deno.readTextFile(PAGE)).join("");
      assert.match(commands, /^hairpin --mode node/m);
      const PATH = await makeHairpinCommand(`${folder}/bin`);
      const script = PREPARE + commands + "echo walked";
      const walk = ["--kill-child", "bash", "-c", script, "bash", folder];
      const { code, stdout, stderr } = await run([...MACHINE, ...walk], {
        env: { PATH },
        timeoutMs: WALK_TIMEOUT_MS,
      });
      const log = await Deno.readTextFile(`${folder}/hairpin.log`)
        .catch(() => "no log");
      assert.equal(code, 0, `${stdout}\n${stderr}\n${log}`);
      assert.match(stdout, /hairpin\.log<\/a>/);
      const [allowed, denied] = stdout.split("\n")
        .filter((line) => line.includes("connection complete"));
      assert.match(allowed!, /src\.identity="[^"]*\/sa\/sleep"/);
      assert.match(allowed!, /dst\.identity="[^"]*\/sa\/httpbin"/);
      assert.ok(denied !== undefined);
      assert.match(stdout, /explicitly denied by: default\/not-sleep"/);
      assert.match(stdout, /^verdict +deny/m);
      assert.match(stdout, /^walked$/m);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
