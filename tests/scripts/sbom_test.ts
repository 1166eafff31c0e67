import assert from "node:assert/strict";
import { sbomOf } from "../../scripts/sbom.ts";
import { VERSION } from "../../src/modes/version.ts";

Deno.test("sbomOf() names the program, its runtime and its packages with their digests", () => {
  const lock = {
    version: "5",
    npm: {
      "@scope/core@2.0.0_peer@1.0.0": { integrity: "sha512-AAH/" },
      "yaml@2.9.1": {},
    },
    jsr: { "@std/cli@1.0.32": { integrity: "0".repeat(64) } },
  };
  assert.deepEqual(sbomOf(lock, "2.9.6"), {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: { type: "application", name: "hairpin", version: VERSION },
    },
    components: [
      { type: "platform", name: "deno", version: "2.9.6" },
      {
        type: "library",
        name: "@scope/core",
        version: "2.0.0",
        purl: "pkg:npm/%40scope/core@2.0.0",
        hashes: [{ alg: "SHA-512", content: "0001ff" }],
      },
      {
        type: "library",
        name: "yaml",
        version: "2.9.1",
        purl: "pkg:npm/yaml@2.9.1",
      },
      {
        type: "library",
        name: "@std/cli",
        version: "1.0.32",
        purl: "pkg:jsr/%40std/cli@1.0.32",
      },
    ],
  });
});
