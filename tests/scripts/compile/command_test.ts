/** `deno task compile` as it is typed: one line and an exit code when it cannot. */
import assert from "node:assert/strict";
import { REPOSITORY } from "../../../scripts/steps.ts";

const NO_BASE = { DENORT_BIN: "", DENORT_BIN_AMD64: "", DENORT_BIN_ARM64: "" };

/** Runs the task on a machine without any runtime base. */
async function compile(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
) {
  const denoDir = await Deno.makeTempDir({ prefix: "hairpin-deno-" });
  try {
    const config = ["--config", `${REPOSITORY}/deno.json`, "--no-lock"];
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--quiet", ...config],
        ...[`${REPOSITORY}/scripts/compile.ts`, ...args],
      ],
      cwd: denoDir,
      env: { ...NO_BASE, NO_COLOR: "1", DENO_DIR: denoDir, ...env },
    }).output();
    const text = (octets: Uint8Array) => new TextDecoder().decode(octets);
    return { code, stdout: text(stdout), stderr: text(stderr) };
  } finally {
    await Deno.remove(denoDir, { recursive: true });
  }
}

const rows: [
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  code: number,
  line: RegExp,
][] = [
  [
    "names what it needs where there is no runtime base",
    ["--arch", "arm64"],
    {},
    1,
    /^compile: Cannot compile for arm64: no runtime base; set DENORT_BIN_ARM64 to .* or let Deno fetch it with --fetch\n$/,
  ],
  [
    "names a base that is not there",
    ["--arch", "amd64"],
    { DENORT_BIN: "/nowhere/denort" },
    1,
    /^compile: Cannot use DENORT_BIN "\/nowhere\/denort": no such file\n$/,
  ],
  [
    "names an argument that it does not know",
    ["--arch", "mips"],
    {},
    2,
    /^compile: Cannot use "mips": want .*\n$/,
  ],
];

for (const [name, args, env, code, line] of rows) {
  Deno.test(`deno task compile ${name}, in one line`, async () => {
    const said = await compile(args, env);
    assert.match(said.stderr, line);
    assert.deepEqual([said.code, said.stdout], [code, ""]);
  });
}
