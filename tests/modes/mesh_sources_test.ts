import assert from "node:assert/strict";
import { MeshStore } from "../../src/control/mesh_store.ts";
import { EMPTY_DELTA } from "../../src/model/delta.ts";
import type { MeshInput } from "../../src/modes/mesh_input.ts";
import { followMeshSources } from "../../src/modes/mesh_sources.ts";
import { ReloadMetrics } from "../../src/telemetry/control_metrics.ts";
import { createLogging } from "../../src/telemetry/log.ts";
import { Registry } from "../../src/telemetry/metrics.ts";
import { configOf } from "../config/support.ts";
import { pod } from "../support/sample_mesh.ts";

const log = createLogging({
  filter: "off",
  format: "plain",
  write: () => {},
  now: () => new Date(),
}).scope("test");

const NAMESPACE =
  "apiVersion: v1\nkind: Namespace\nmetadata: {name: default}\n";

const modes: [mode: string, flags: string[], inputs: number][] = [
  ["a waypoint", ["waypoint", "--gateway", "default/waypoint"], 2],
  ["a node, which enrols by objects alone,", ["node"], 1],
];
for (const [who, flags, count] of modes) {
  Deno.test(`followMeshSources() tells ${who} ${count} times of objects and istiod's mesh`, async () => {
    const folder = await Deno.makeTempDir();
    await Deno.writeTextFile(`${folder}/mesh.yaml`, NAMESPACE);
    const ending = new AbortController();
    try {
      const store = new MeshStore(() => {});
      const inputs: MeshInput[] = [];
      const config = configOf(["--mode", ...flags, "--config", folder], {
        XDS_ADDRESS: "https://istiod.test:15012",
        CA_ADDRESS: "https://istiod.test:15012",
      });
      const sources = await followMeshSources({
        config,
        cluster: undefined,
        store,
        reloads: new ReloadMetrics(new Registry()),
        log,
        signal: ending.signal,
        onInput: (input) => inputs.push(input),
        inForce: () => Promise.resolve(),
      });
      const fronted = pod("web", ["10.0.0.1"], {
        waypoint: { namespace: "default", hostname: "w", port: 15008 } as never,
      });
      store.update("xDS", { ...EMPTY_DELTA, workloads: [fronted] });
      sources.settle();
      assert.equal(inputs.length, count);
      const { translation } = inputs.at(-1)!;
      const names = translation.workloads.map(({ name }) => name);
      assert.deepEqual(names, count === 2 ? ["web"] : []);
    } finally {
      ending.abort();
      await Deno.remove(folder, { recursive: true });
    }
  });
}

Deno.test("followMeshSources() tells of a configuration once it is in force", async () => {
  const folder = await Deno.makeTempDir();
  const ending = new AbortController();
  const lines: string[] = [];
  const heard = Promise.withResolvers<void>();
  const logging = createLogging({
    filter: "info",
    format: "plain",
    write(text) {
      lines.push(text);
      heard.resolve();
    },
    now: () => new Date(),
  });
  const inForce = Promise.withResolvers<void>();
  try {
    await Deno.writeTextFile(`${folder}/mesh.yaml`, NAMESPACE);
    await followMeshSources({
      config: configOf([
        ...["--mode", "node", "--config", folder, "--ca-dir", folder],
      ]),
      cluster: undefined,
      store: new MeshStore(() => {}),
      reloads: new ReloadMetrics(new Registry()),
      log: logging.scope("state"),
      signal: ending.signal,
      onInput() {},
      inForce: () => inForce.promise,
    });
    logging.flush();
    assert.deepEqual(lines, []);
    inForce.resolve();
    await heard.promise;
    assert.match(lines.join(""), /configuration loaded/);
  } finally {
    ending.abort();
    await Deno.remove(folder, { recursive: true });
  }
});
