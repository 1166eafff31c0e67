/**
 * The program as it is compiled: run from the files that would be embedded and
 * the packages that would be, with the permissions that would be granted, and
 * nothing else at hand. Where HAIRPIN_LAB_PROGRAM names a binary, that is run.
 */
import assert from "node:assert/strict";
import type { Lock } from "../../scripts/compile/lock.ts";
import { stageRepository } from "../../scripts/compile.ts";
import { inNamespace, must } from "../lab/command.ts";
import { labTest, withMesh } from "./support.ts";

/** The demo takes seconds where nothing else runs. */
const DEMO_TIMEOUT_MS = 180_000;

interface Compiled {
  readonly program: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Calls `body` with the program, and removes what it was made of. */
async function withCompiled(
  body: (compiled: Compiled) => Promise<void>,
): Promise<void> {
  const binary = Deno.env.get("HAIRPIN_LAB_PROGRAM");
  if (binary) return await body({ program: [binary], env: {} });
  const folder = await Deno.makeTempDir({ prefix: "hairpin-compiled-" });
  try {
    const stage = `${folder}/stage`;
    await stageRepository(stage);
    const lock: Lock = JSON.parse(
      await Deno.readTextFile(`${stage}/deno.lock`),
    );
    await copyPackages(Object.keys(lock.npm ?? {}), `${folder}/deno`);
    const flags = ["-P", "--cached-only", "--frozen", "--quiet"];
    await body({
      program: [Deno.execPath(), "run", ...flags, `${stage}/main.ts`],
      env: { DENO_DIR: `${folder}/deno` },
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Fills a cache with these packages (`NAME@VERSION`, peers behind it) and no others. */
async function copyPackages(
  ids: readonly string[],
  denoDir: string,
): Promise<void> {
  const info = JSON.parse(await must([Deno.execPath(), "info", "--json"]));
  for (const { name: registry } of Deno.readDirSync(info.npmCache)) {
    for (const id of ids) {
      const [, name, version] = /^(.+?)@([^_]+)/.exec(id) ?? [];
      const path = `${registry}/${name}`;
      const to = `${denoDir}/npm/${path}`;
      await Deno.mkdir(to, { recursive: true });
      for (const part of ["registry.json", version]) {
        await must(["cp", "-r", `${info.npmCache}/${path}/${part}`, to]);
      }
    }
  }
}

labTest(
  "the compiled program tells its version, commit and date",
  () =>
    withCompiled(async ({ program, env }) => {
      const line = await must([...program, "version"], { env });
      assert.match(
        line,
        /^hairpin \d+\.\d+\.\d+ \(commit \S+, built \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\)\n$/,
      );
    }),
);

labTest(
  "the compiled program is a mesh, with all it loads late",
  () =>
    withCompiled((compiled) =>
      withMesh({ ...compiled, workers: 2 }, async (mesh) => {
        const url = mesh.urlOf(mesh.services.httpbin);
        const { status } = await mesh.get(mesh.sleep, url);
        assert.equal(status, 200);
        const { program, env } = compiled;
        const ask = (...args: readonly string[]) =>
          must(inNamespace(mesh.client.place.netns, [...program, ...args]), {
            env,
          });
        const from = ["--from", "default/sleep"];
        const said = await ask("explain", ...from, "--to", new URL(url).host);
        assert.match(said, /httpbin/);
        const dump = await mesh.client.admin("/config_dump");
        const file = await Deno.makeTempFile({ suffix: ".json" });
        await Deno.writeTextFile(file, dump);
        const table = await ask("config", "workloads", "--file", file);
        await Deno.remove(file);
        assert.match(table, /httpbin/);
      })
    ),
);

/** A command of one word, as the demo takes it. */
async function withCommand(
  { program, env }: Compiled,
  body: (command: string) => Promise<void>,
): Promise<void> {
  const command = await Deno.makeTempFile({ prefix: "hairpin-command-" });
  try {
    const set = Object.entries(env).map((pair) => pair.join("="));
    const words = ["env", ...set, ...program].map((word) => `'${word}'`);
    await Deno.writeTextFile(
      command,
      `#!/bin/sh\nexec ${words.join(" ")} "$@"\n`,
    );
    await Deno.chmod(command, 0o755);
    await body(command);
  } finally {
    await Deno.remove(command);
  }
}

labTest(
  "all of the demo holds with the compiled program, its waypoint too",
  () =>
    withCompiled((compiled) =>
      withCommand(compiled, async (command) => {
        const demo = new URL("../lab/demo.ts", import.meta.url).pathname;
        const said = await must([Deno.execPath(), "run", "-A", demo], {
          env: { HAIRPIN_LAB_PROGRAM: command },
          timeoutMs: DEMO_TIMEOUT_MS,
        });
        assert.match(said, /^all \d+ statements held/m);
      })
    ),
);
