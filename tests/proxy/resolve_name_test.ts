import assert from "node:assert/strict";
import { resolveName } from "../../src/proxy/resolve_name.ts";

Deno.test("resolveName() gives all addresses of a name", async () => {
  const found = await resolveName("localhost");
  assert.ok(found?.some((ip) => ip === "127.0.0.1" || ip === "::1"));
});

const never = () => new Promise<readonly string[]>(() => {});
const rows: [name: string, ask: () => Promise<readonly string[]>][] = [
  ["of a name that nobody knows", () => Promise.reject(new Error("ENOTFOUND"))],
  ["of a resolver that does not answer", never],
];
for (const [name, ask] of rows) {
  Deno.test(`resolveName() gives nothing ${name}`, async () => {
    assert.equal(await resolveName("a.example", ask, 10), undefined);
  });
}
