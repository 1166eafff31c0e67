import assert from "node:assert/strict";
import fc from "fast-check";
import { withoutPlugin, withPlugin } from "../../../src/wire/cni/mod.ts";

const OWN = { agent_socket: "/s" };
const LIST = `{"cniVersion":"1.0.0","name":"n","big":12345678901234567890,
  "plugins":[{"type":"bridge","mtu":1e3},{"type":"portmap"}],"x":{"__proto__":1}}`;

const changed = (edit: ReturnType<typeof withPlugin>): string => {
  assert.equal(edit.kind, "changed");
  return edit.kind === "changed" ? edit.text : "";
};

Deno.test("withPlugin() appends the plugin and leaves all else as it is written", () => {
  const text = changed(withPlugin(LIST, OWN));
  assert.match(text, /"big": 12345678901234567890,/);
  assert.match(text, /"mtu": 1e3/);
  assert.match(text, /"__proto__": 1/);
  assert.deepEqual(JSON.parse(text).plugins, [
    { type: "bridge", mtu: 1000 },
    { type: "portmap" },
    { agent_socket: "/s", type: "hairpin-cni" },
  ]);
  assert.deepEqual(withPlugin(text, OWN), { kind: "same" });
});

Deno.test("withPlugin() puts a plugin that is elsewhere or says otherwise to rights", () => {
  const list = (...plugins: object[]) => JSON.stringify({ name: "n", plugins });
  const bridge = { type: "bridge" };
  const own = { ...OWN, type: "hairpin-cni" };
  const wrong = [
    list(own, bridge),
    list(bridge, own, own),
    list(bridge, { ...own, agent_socket: "/other" }),
  ];
  for (const text of wrong) {
    const { plugins } = JSON.parse(changed(withPlugin(text, OWN)));
    assert.deepEqual(plugins, [bridge, own]);
  }
});

const bad: [what: string, text: string][] = [
  ["no JSON", "{"],
  ["a list", "[]"],
  ["no name", '{"plugins":[{"type":"a"}]}'],
  ["a plugin without type", '{"name":"n","plugins":[{}]}'],
  ["no other plugin", '{"name":"n","plugins":[{"type":"hairpin-cni"}]}'],
];
for (const [what, text] of bad) {
  Deno.test(`withPlugin() leaves ${what} alone`, () => {
    assert.equal(withPlugin(text, OWN).kind, "bad");
  });
}

Deno.test("withoutPlugin() takes back what withPlugin() did", () => {
  const plugin = fc.record({ type: fc.stringMatching(/^[a-z]+$/) });
  const lists = fc.record({
    name: fc.constant("n"),
    plugins: fc.array(plugin, { minLength: 1 }),
    more: fc.jsonValue(),
  });
  fc.assert(fc.property(lists, (list) => {
    const before = JSON.parse(JSON.stringify(list));
    const text = changed(withPlugin(JSON.stringify(list), OWN));
    assert.deepEqual(JSON.parse(changed(withoutPlugin(text))), before);
  }));
});
