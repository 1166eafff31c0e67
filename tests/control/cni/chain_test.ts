import assert from "node:assert/strict";
import { Chain } from "../../../src/control/cni/mod.ts";
import { createLogging } from "../../../src/telemetry/log.ts";

const LIST = { name: "n", plugins: [{ type: "bridge" }] };
const OWN = {
  agent_socket: "/s",
  exclude_namespaces: ["kube-system"],
  type: "hairpin-cni",
};

class Runtime implements Disposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "hairpin-chain-" });
  readonly netDir = `${this.folder}/net.d`;
  readonly binDir = `${this.folder}/bin`;
  readonly program = `${this.binDir}/hairpin-cni`;
  readonly lines: string[] = [];
  readonly chain: Chain;

  constructor(confName?: string) {
    Deno.mkdirSync(this.netDir);
    Deno.mkdirSync(this.binDir);
    const logging = createLogging({
      filter: "info",
      format: "plain",
      write: (text) => this.lines.push(text),
      now: () => new Date(0),
    });
    this.chain = new Chain({
      netDir: this.netDir,
      binDir: this.binDir,
      confName,
      program: "#!/bin/sh\n",
      socket: "/s",
      excludedNamespaces: ["kube-system"],
      log: logging.scope("cni"),
    });
  }

  write(name: string, value: object | string, mode = 0o600): void {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    Deno.writeTextFileSync(`${this.netDir}/${name}`, text);
    Deno.chmodSync(`${this.netDir}/${name}`, mode);
  }

  text(name: string): string {
    return Deno.readTextFileSync(`${this.netDir}/${name}`);
  }

  plugins(name: string): unknown {
    return JSON.parse(this.text(name)).plugins;
  }

  get files(): string[] {
    return [...Deno.readDirSync(this.netDir)].map(({ name }) => name).sort();
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }
}

async function until(test: () => boolean): Promise<void> {
  while (!test()) await new Promise((resolve) => setTimeout(resolve, 20));
}

Deno.test("Chain puts the plugin into the first list, with the mode that it has", async () => {
  using runtime = new Runtime();
  runtime.write("20-b.conflist", LIST);
  runtime.write("10-a.conflist", LIST, 0o644);
  await runtime.chain.ensure();
  assert.deepEqual(runtime.plugins("10-a.conflist"), [...LIST.plugins, OWN]);
  assert.deepEqual(runtime.plugins("20-b.conflist"), LIST.plugins);
  const { mode } = Deno.statSync(`${runtime.netDir}/10-a.conflist`);
  assert.equal((mode ?? 0) & 0o777, 0o644);
  assert.equal((Deno.statSync(runtime.program).mode ?? 0) & 0o777, 0o755);
  assert.deepEqual(runtime.files, ["10-a.conflist", "20-b.conflist"]);
  await runtime.chain.remove();
  assert.deepEqual(runtime.plugins("10-a.conflist"), LIST.plugins);
  assert.throws(() => Deno.statSync(runtime.program), Deno.errors.NotFound);
});

Deno.test("Chain takes the list that is named", async () => {
  using runtime = new Runtime("20-b.conflist");
  runtime.write("10-a.conflist", LIST);
  runtime.write("20-b.conflist", LIST);
  await runtime.chain.ensure();
  assert.deepEqual(runtime.plugins("10-a.conflist"), LIST.plugins);
  assert.deepEqual(runtime.plugins("20-b.conflist"), [...LIST.plugins, OWN]);
});

const foreign: [what: string, name: string, text: string][] = [
  ["a list that is no JSON", "10-a.conflist", "{"],
  ["a single plugin", "10-a.conf", '{"name":"n","type":"bridge"}'],
  ["a list that is too large", "10-a.conflist", " ".repeat(1_048_577)],
];
for (const [what, name, text] of foreign) {
  Deno.test(`Chain leaves ${what} alone, and says so once`, async () => {
    using runtime = new Runtime();
    runtime.write(name, text);
    await runtime.chain.ensure();
    await runtime.chain.ensure();
    await Promise.resolve();
    assert.equal(runtime.text(name), text);
    const warnings = runtime.lines.join("").match(/Cannot add the plugin/g);
    assert.equal(warnings?.length, 1);
  });
}

Deno.test("Chain waits for a network, and puts back what others take out", async () => {
  using runtime = new Runtime();
  const ending = new AbortController();
  const kept = runtime.chain.keep(ending.signal);
  const isIn = () => runtime.text("10-a.conflist").includes("hairpin-cni");
  await until(() => runtime.lines.join("").includes("no network is there yet"));
  runtime.write("10-a.conflist", LIST);
  await until(isIn);
  runtime.write("10-a.conflist", { ...LIST, name: "rewritten" });
  await until(isIn);
  assert.equal(JSON.parse(runtime.text("10-a.conflist")).name, "rewritten");
  Deno.removeSync(runtime.program);
  await until(() => Deno.readDirSync(runtime.binDir).next().done !== true);
  ending.abort();
  await kept;
  assert.ok(isIn());
});
