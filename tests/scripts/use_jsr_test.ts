import assert from "node:assert/strict";
import { withoutLinks, withoutLockedLinks } from "../../scripts/use_jsr.ts";

const imports = { "@std/cli/parse-args": "jsr:@std/cli@^1.0.0/parse-args" };

Deno.test("withoutLinks() leaves nothing that stands in for JSR", () => {
  assert.deepEqual(withoutLinks({ imports, links: ["./scripts/std_cli"] }), {
    imports,
  });
});

Deno.test("withoutLockedLinks() leaves all else as it is", () => {
  const workspace = { dependencies: ["jsr:@std/cli@1"] };
  const links = { "jsr:@std/cli@1.0.32": {} };
  const lock = { version: "5", npm: {}, workspace: { ...workspace, links } };
  assert.deepEqual(withoutLockedLinks(lock), { ...lock, workspace });
});

Deno.test("what stands in for JSR is imported from there", async () => {
  const config = JSON.parse(await Deno.readTextFile("deno.json"));
  for (const [name, target] of Object.entries(imports)) {
    assert.equal(config.imports[name], target);
  }
});
