import assert from "node:assert/strict";
import { LIST, OWN, Runtime, until } from "./runtime.ts";

const OWN_CONF = "02-hairpin.conflist";
const PRIMARY = "10-a.conflist";

class OwnRuntime extends Runtime {
  constructor(fields: { confName?: string } = {}) {
    super({ ownConf: OWN_CONF, ...fields });
  }

  get own(): unknown {
    return JSON.parse(this.text(OWN_CONF));
  }

  async warning(): Promise<string> {
    await this.logged();
    return this.lines.at(-1) ?? "";
  }
}

const copyOf = (list: { readonly plugins: readonly object[] }) => ({
  ...list,
  plugins: [...list.plugins, OWN],
});

Deno.test("OwnNetwork is a copy of the primary with the plugin, comes first, and is for root alone", async () => {
  using runtime = new OwnRuntime();
  const text = '{"name":"n","plugins":[{"type":"bridge","mtu":1e3}]}';
  runtime.write(PRIMARY, text, 0o644);
  await runtime.chain.ensure();
  assert.equal(runtime.first, OWN_CONF);
  assert.match(runtime.text(OWN_CONF), /"mtu": 1e3/);
  assert.equal(runtime.text(PRIMARY), text);
  const { mode } = Deno.statSync(`${runtime.netDir}/${OWN_CONF}`);
  assert.equal((mode ?? 0) & 0o777, 0o600);
  await runtime.chain.remove();
  assert.deepEqual(runtime.files, [PRIMARY]);
  assert.equal(runtime.text(PRIMARY), text);
  assert.throws(() => Deno.statSync(runtime.program), Deno.errors.NotFound);
});

Deno.test("OwnNetwork makes a list of a primary that is a single plugin", async () => {
  using runtime = new OwnRuntime();
  const single = { cniVersion: "0.3.1", name: "n", type: "bridge" };
  runtime.write("10-a.conf", single);
  await runtime.chain.ensure();
  assert.deepEqual(runtime.own, {
    cniVersion: "0.3.1",
    name: "n",
    plugins: [single, OWN],
  });
  assert.deepEqual(JSON.parse(runtime.text("10-a.conf")), single);
  assert.deepEqual(runtime.files, [OWN_CONF, "10-a.conf"]);
});

Deno.test("OwnNetwork takes the plugin out of a primary that was changed before", async () => {
  using runtime = new OwnRuntime();
  runtime.write(PRIMARY, copyOf(LIST), 0o644);
  await runtime.chain.ensure();
  assert.deepEqual(runtime.own, copyOf(LIST));
  assert.deepEqual(JSON.parse(runtime.text(PRIMARY)), LIST);
  await runtime.chain.ensure();
  assert.deepEqual(runtime.installed, [true]);
});

Deno.test("OwnNetwork copies the network that is named", async () => {
  using runtime = new OwnRuntime({ confName: "20-b.conflist" });
  runtime.write(PRIMARY, LIST);
  runtime.write("20-b.conflist", { ...LIST, name: "b" });
  await runtime.chain.ensure();
  assert.deepEqual(runtime.own, copyOf({ ...LIST, name: "b" } as typeof LIST));
});

Deno.test("OwnNetwork follows its primary, and comes back when it is deleted or rewritten", async () => {
  using runtime = new OwnRuntime();
  const ending = new AbortController();
  const kept = runtime.chain.keep(ending.signal);
  runtime.write(PRIMARY, LIST);
  const isCopy = (list: typeof LIST) => {
    try {
      return runtime.text(OWN_CONF) ===
        `${JSON.stringify(copyOf(list), null, 2)}\n`;
    } catch {
      return false;
    }
  };
  await until(() => isCopy(LIST));
  const other = { name: "n", plugins: [{ type: "ptp" }, { type: "portmap" }] };
  runtime.write(PRIMARY, other);
  await until(() => isCopy(other));
  runtime.write(OWN_CONF, LIST);
  await until(() => isCopy(other));
  Deno.removeSync(`${runtime.netDir}/${OWN_CONF}`);
  await until(() => isCopy(other));
  Deno.removeSync(`${runtime.netDir}/${PRIMARY}`);
  await until(() => runtime.lines.join("").includes("it stays as it was"));
  assert.ok(isCopy(other));
  runtime.write(PRIMARY, LIST);
  await until(() => isCopy(LIST));
  ending.abort();
  await kept;
  assert.deepEqual(runtime.files, [OWN_CONF, PRIMARY]);
});

Deno.test("OwnNetwork says so when another network comes before it", async () => {
  using runtime = new OwnRuntime();
  runtime.write("00-multus.conf", { name: "m", type: "multus" });
  await runtime.chain.ensure();
  assert.match(
    await runtime.warning(),
    /\\?"00-multus.conf\\?" comes before it by name/,
  );
  assert.deepEqual(runtime.files, ["00-multus.conf"]);
  assert.deepEqual(runtime.installed, [false]);
});

const unusable: [what: string, text: string, why: RegExp][] = [
  ["no JSON", "{", /it is not a JSON object/],
  ["too large", " ".repeat(1_048_577), /over 1048576 octets/],
];
for (const [what, text, why] of unusable) {
  Deno.test(`OwnNetwork stays as it was while its primary is ${what}`, async () => {
    using runtime = new OwnRuntime();
    runtime.write(PRIMARY, LIST);
    await runtime.chain.ensure();
    runtime.write(PRIMARY, text);
    await runtime.chain.ensure();
    assert.match(await runtime.warning(), why);
    assert.deepEqual(runtime.own, copyOf(LIST));
    assert.deepEqual(runtime.installed, [true, false]);
  });
}

Deno.test("OwnNetwork waits for a first network", async () => {
  using runtime = new OwnRuntime();
  await runtime.chain.ensure();
  assert.match(await runtime.warning(), /no network is there yet/);
  assert.deepEqual(runtime.files, []);
});
