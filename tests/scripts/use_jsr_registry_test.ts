/**
 * The way of the workflows: libraries from JSR, then the binary. A registry on
 * loopback answers as JSR does, with the package that stands in for @std/cli.
 */
import assert from "node:assert/strict";
import { outputOf } from "../../scripts/compile/deno.ts";
import { REPOSITORY } from "../../scripts/steps.ts";

const VERSION = "1.0.32";
const MODULE = "/parse_args.ts";

/** JSR's three kinds of answers: versions, files of one version, a file. */
async function packageFiles(): Promise<ReadonlyMap<string, string>> {
  const text = await Deno.readTextFile(
    `${REPOSITORY}/scripts/std_cli${MODULE}`,
  );
  const octets = new TextEncoder().encode(text);
  const digest = await crypto.subtle.digest("SHA-256", octets);
  const checksum = `sha256-${new Uint8Array(digest).toHex()}`;
  const versions = { [VERSION]: {} };
  const version = {
    manifest: { [MODULE]: { size: octets.length, checksum } },
    exports: { "./parse-args": `.${MODULE}` },
    moduleGraph2: { [MODULE]: {} },
  };
  return new Map([
    ["/meta.json", JSON.stringify({ scope: "std", name: "cli", versions })],
    [`/${VERSION}_meta.json`, JSON.stringify(version)],
    [`/${VERSION}${MODULE}`, text],
  ]);
}

/** Serves the package. `asked` collects what was asked for. */
async function startRegistry(asked: string[]): Promise<Deno.HttpServer> {
  const files = await packageFiles();
  return Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    ({ url }) => {
      const path = new URL(url).pathname.replace("/@std/cli", "");
      asked.push(path);
      const text = files.get(path);
      return text === undefined
        ? new Response(null, { status: 404 })
        : new Response(text);
    },
  );
}

/** The checkout, without what an earlier run took from JSR itself. */
async function copyCheckout(to: string): Promise<void> {
  const parts = ["main.ts", "deno.json", "src", "scripts"];
  const paths = parts.map((part) => `${REPOSITORY}/${part}`);
  await outputOf("cp", ["-r", ...paths, to], { cwd: "/" });
  const { jsr: _jsr, specifiers, ...lock } = JSON.parse(
    await Deno.readTextFile(`${REPOSITORY}/deno.lock`),
  );
  const own = Object.entries(specifiers)
    .filter(([name]) => !name.startsWith("jsr:"));
  await Deno.writeTextFile(
    `${to}/deno.lock`,
    JSON.stringify({ ...lock, specifiers: Object.fromEntries(own) }),
  );
}

Deno.test("a checkout that takes its libraries from JSR compiles, with what JSR sent", async () => {
  const folder = await Deno.makeTempDir({ prefix: "hairpin-jsr-" });
  const arch = Deno.build.arch === "x86_64" ? "amd64" : "arm64";
  const asked: string[] = [];
  const registry = await startRegistry(asked);
  const { port } = registry.addr as Deno.NetAddr;
  const run = (script: string, ...args: readonly string[]) =>
    outputOf(Deno.execPath(), ["run", "-A", `scripts/${script}`, ...args], {
      cwd: folder,
      env: {
        JSR_URL: `http://127.0.0.1:${port}/`,
        [`DENORT_BIN_${arch.toUpperCase()}`]: `${folder}/base`,
      },
    });
  try {
    await copyCheckout(folder);
    await Deno.copyFile("/bin/true", `${folder}/base`);
    await run("use_jsr.ts");
    await run("compile.ts", "--arch", arch);
    assert.deepEqual(new Set(asked), new Set((await packageFiles()).keys()));
    const lock = JSON.parse(await Deno.readTextFile(`${folder}/deno.lock`));
    assert.deepEqual(Object.keys(lock.jsr), [`@std/cli@${VERSION}`]);
    const binary = `hairpin-linux-${arch}`;
    const sums = await Deno.readTextFile(`${folder}/dist/SHA256SUMS`);
    assert.match(sums, new RegExp(`^[0-9a-f]{64}  ${binary}\n$`));
    await outputOf("sha256sum", ["--check", "SHA256SUMS"], {
      cwd: `${folder}/dist`,
    });
  } finally {
    await registry.shutdown();
    await Deno.remove(folder, { recursive: true });
    const info = await outputOf(Deno.execPath(), ["info", "--json"], {
      cwd: "/",
    });
    const kept = `remote/http/127.0.0.1_PORT${port}`;
    await Deno.remove(`${JSON.parse(info).denoDir}/${kept}`, {
      recursive: true,
    });
  }
});
