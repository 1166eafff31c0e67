import assert from "node:assert/strict";
import { remoteAddress } from "../../../src/decide/http/remote_address.ts";
import { ip } from "../../support/sample_mesh.ts";

const rows: [name: string, values: string[], hops: number, expected: string][] =
  [
    ["believes nobody without trusted proxies", ["1.1.1.1"], 0, "10.0.0.1"],
    ["is the peer without the header", [], 1, "10.0.0.1"],
    ["takes the last entry of one proxy", ["1.1.1.1, 2.2.2.2"], 1, "2.2.2.2"],
    ["counts entries from the right", ["1.1.1.1,2.2.2.2"], 2, "1.1.1.1"],
    ["joins repeated headers", ["1.1.1.1", "2.2.2.2"], 2, "1.1.1.1"],
    ["is the peer when there are too few", ["1.1.1.1"], 2, "10.0.0.1"],
    ["is the peer where no address stands", ["unknown"], 1, "10.0.0.1"],
    ["reads IPv6", ["2001:db8::1"], 1, "2001:db8::1"],
  ];
for (const [name, values, hops, expected] of rows) {
  Deno.test(`remoteAddress() ${name}`, () => {
    const headers = values.map((v) => ["x-forwarded-for", v] as const);
    assert.equal(remoteAddress(headers, ip("10.0.0.1"), hops), expected);
  });
}
