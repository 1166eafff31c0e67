import assert from "node:assert/strict";
import { LIST, OWN, Runtime, until } from "./runtime.ts";

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
  using runtime = new Runtime({ confName: "20-b.conflist" });
  runtime.write("10-a.conflist", LIST);
  runtime.write("20-b.conflist", LIST);
  await runtime.chain.ensure();
  assert.deepEqual(runtime.plugins("10-a.conflist"), LIST.plugins);
  assert.deepEqual(runtime.plugins("20-b.conflist"), [...LIST.plugins, OWN]);
});

const foreign: [what: string, name: string, text: string][] = [
  ["a list that is no JSON", "10-a.conflist", "{"],
  ["a single plugin without a name", "10-a.conf", '{"type":"bridge"}'],
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

for (const end of ["conf", "json"]) {
  Deno.test(`Chain makes a list of a single plugin in a .${end}, and takes that back`, async () => {
    using runtime = new Runtime();
    const single = {
      cniVersion: "0.4.0",
      name: "n",
      type: "bridge",
      mtu: 1400,
    };
    runtime.write(`10-a.${end}`, single, 0o644);
    await runtime.chain.ensure();
    assert.equal(runtime.first, "10-a.conflist");
    assert.deepEqual(JSON.parse(runtime.text("10-a.conflist")), {
      cniVersion: "0.4.0",
      name: "n",
      plugins: [single, OWN],
    });
    const rewritten = { ...single, mtu: 1500 };
    runtime.write(`10-a.${end}`, rewritten);
    await runtime.chain.ensure();
    assert.equal(runtime.first, "10-a.conflist");
    assert.deepEqual(runtime.plugins("10-a.conflist"), [rewritten, OWN]);
    await runtime.chain.remove();
    assert.deepEqual(runtime.files, [`10-a.${end}`]);
    assert.deepEqual(JSON.parse(runtime.text(`10-a.${end}`)), rewritten);
  });
}

Deno.test("Chain follows a file that is named and became a list", async () => {
  using runtime = new Runtime({ confName: "10-a.conf" });
  runtime.write("00-other.conflist", LIST);
  runtime.write("10-a.conf", { name: "n", type: "bridge" });
  await runtime.chain.ensure();
  await runtime.chain.ensure();
  assert.deepEqual(runtime.plugins("00-other.conflist"), LIST.plugins);
  assert.equal(JSON.parse(runtime.text("10-a.conflist")).plugins.length, 2);
  assert.deepEqual(runtime.installed, [true]);
});

Deno.test("Chain tells when the plugin is installed, and when no longer", async () => {
  using runtime = new Runtime();
  await runtime.chain.ensure();
  runtime.write("10-a.conflist", LIST);
  await runtime.chain.ensure();
  await runtime.chain.ensure();
  runtime.write("10-a.conflist", "{");
  await runtime.chain.ensure();
  assert.deepEqual(runtime.installed, [false, true, false]);
});

Deno.test("Chain warns once of another program that keeps taking it out", async () => {
  using runtime = new Runtime();
  for (let round = 0; round < 8; round++) {
    runtime.write("10-a.conflist", LIST);
    await runtime.chain.ensure();
  }
  await runtime.logged();
  const warnings = runtime.lines.join("").match(/another program keeps/g);
  assert.equal(warnings?.length, 1);
});

Deno.test("Chain takes changes that are far apart for no conflict", async () => {
  let nowMs = 0;
  using runtime = new Runtime({ nowMs: () => nowMs += 5_000 });
  for (let round = 0; round < 8; round++) {
    runtime.write("10-a.conflist", LIST);
    await runtime.chain.ensure();
  }
  await runtime.logged();
  assert.doesNotMatch(runtime.lines.join(""), /another program/);
});
