import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Cidr,
  cidrContains,
  formatCidr,
  ipFromBytes,
  isIpv6,
} from "../../src/model/address.ts";
import { CidrIndex } from "../../src/model/cidr_index.ts";
import { cidr, ip } from "../support/sample_mesh.ts";

const found = (index: CidrIndex<string>, network: string, address: string) =>
  [...index.containing(network, ip(address))].flat();

function indexOf(...ranges: readonly string[]): CidrIndex<string> {
  const index = new CidrIndex<string>();
  for (const range of ranges) index.add("", cidr(range), range);
  return index;
}

const rows: [name: string, address: string, found: string[]][] = [
  ["lists the longest prefix first", "10.50.7.1", [
    "10.50.7.0/24",
    "10.50.0.0/16",
    "0.0.0.0/0",
  ]],
  ["ends a range at its last address", "10.51.0.0", ["0.0.0.0/0"]],
  ["cuts inside an octet", "192.168.129.255", [
    "192.168.128.0/23",
    "0.0.0.0/0",
  ]],
  ["does not find IPv4 ranges for IPv6", "fe80::1", []],
  ["finds IPv6 ranges", "fd00:50::9", ["fd00:50::/32"]],
  ["reads a mapped address as IPv4", "::ffff:10.50.9.9", [
    "10.50.0.0/16",
    "0.0.0.0/0",
  ]],
];
for (const [name, address, expected] of rows) {
  Deno.test(`CidrIndex ${name}`, () => {
    const index = indexOf(
      "10.50.0.0/16",
      "0.0.0.0/0",
      "10.50.7.0/24",
      "192.168.128.0/23",
      "fd00:50::/32",
    );
    assert.deepEqual(found(index, "", address), expected);
  });
}

Deno.test("CidrIndex keeps networks apart", () => {
  assert.deepEqual(found(indexOf("10.0.0.0/8"), "net2", "10.0.0.1"), []);
});

Deno.test("CidrIndex.delete() leaves nothing behind", () => {
  const index = indexOf("10.50.0.0/16", "10.0.0.0/8");
  index.delete("", cidr("10.50.0.0/16"), "10.50.0.0/16");
  assert.deepEqual(found(index, "", "10.50.0.1"), ["10.0.0.0/8"]);
  index.delete("", cidr("10.0.0.0/8"), "10.0.0.0/8");
  assert.deepEqual(found(index, "", "10.50.0.1"), []);
});

const anyIp = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }),
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
).map((bytes) => ipFromBytes(bytes.map((b) => b & 0x81))!);

const anyCidr = fc.tuple(anyIp, fc.nat(128)).map(([ip, length]): Cidr => ({
  ip,
  length: isIpv6(ip) ? length : length % 33,
}));

Deno.test("CidrIndex agrees with asking every range", () => {
  fc.assert(fc.property(fc.array(anyCidr), anyIp, (ranges, address) => {
    const index = new CidrIndex<string>();
    for (const range of ranges) index.add("", range, formatCidr(range));
    const expected = ranges.filter((r) => cidrContains(r, address));
    assert.deepEqual(
      found(index, "", address).sort(),
      expected.map(formatCidr).sort(),
    );
  }));
});
