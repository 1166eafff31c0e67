// What a data worker loads: its modules are there once for each thread.

import assert from "node:assert/strict";
import { edgesOf } from "../../scripts/lint/imports.ts";

const ROOT = new URL("../..", import.meta.url);
/** Requests and their rules: a node's workers never see one. */
const LAYER_7 =
  /^src\/(proxy\/(waypoint|tokens)|wire\/(http1|ext_authz|grpc)|decide\/http_|telemetry\/http_)/;
const PACKAGE = /^import\s(?!type\s)(?:[^"';]*?\sfrom\s)?"([^."][^"]*)";/gm;

Deno.test("a node's data worker loads nothing of layer 7, and small packages only", async () => {
  const loaded = await loadedBy(
    "src/worker/data_plane.ts",
    "src/worker/node_part.ts",
  );
  const layer7 = loaded.files.filter((path) => LAYER_7.test(path));
  assert.deepEqual(layer7, []);
  assert.deepEqual(loaded.packages, [
    "ip-address",
    "@dnsquery/dns-packet",
    "@dnsquery/dns-packet/types.js",
  ]);
});

Deno.test("a waypoint's data worker loads layer 7", async () => {
  const { files } = await loadedBy("src/worker/waypoint_part.ts");
  assert.ok(files.includes("src/proxy/waypoint/connect.ts"));
});

/** Everything that the modules import at run time, directly or not. */
async function loadedBy(...paths: string[]) {
  const files = new Set(paths);
  const packages = new Set<string>();
  for (const path of files) {
    const text = await Deno.readTextFile(new URL(path, ROOT));
    for (const { to, typeOnly } of edgesOf({ path, text })) {
      if (!typeOnly) files.add(to);
    }
    for (const [, name = ""] of text.matchAll(PACKAGE)) {
      if (!name.startsWith("node:")) packages.add(name);
    }
  }
  return { files: [...files], packages: [...packages] };
}
