import assert from "node:assert/strict";
import fc from "fast-check";
import { Address6 } from "ip-address";
import {
  cidrContains,
  formatAddress,
  formatCidr,
  type Ip,
  ipFromBytes,
  ipToBytes,
  isIpv6,
  isLoopback,
  parseCidr,
  parseIp,
  parsePort,
  parseSocketAddress,
} from "../../src/model/address.ts";

const addresses: [text: string, canonical: string | undefined][] = [
  ["10.0.0.1", "10.0.0.1"],
  ["0.0.0.0", "0.0.0.0"],
  ["255.255.255.255", "255.255.255.255"],
  ["256.0.0.1", undefined],
  ["10.0.0.01", undefined],
  ["010.0.0.1", undefined],
  ["0x0a.0.0.1", undefined],
  ["10.0.1", undefined],
  ["167772161", undefined],
  ["10.0.0.1.", undefined],
  [".10.0.0.1", undefined],
  ["10.0.0.1 ", undefined],
  [" 10.0.0.1", undefined],
  ["10.0.0.1\n", undefined],
  ["10.0.0.1/32", undefined],
  ["10.0.0.1:80", undefined],
  ["١٠.0.0.1", undefined],
  ["-1.0.0.1", undefined],
  ["", undefined],
  ["localhost", undefined],
  ["::", "::"],
  ["::1", "::1"],
  ["FD00::A", "fd00::a"],
  ["fd00:0:0:0:0:0:0:a", "fd00::a"],
  ["fd00:0000:0000:0000:0000:0000:0000:000a", "fd00::a"],
  // RFC 5952, section 4.2: the longest run, the first of two, never a single group.
  ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
  ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
  ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
  ["::ffff:10.0.0.1", "10.0.0.1"],
  ["::ffff:a00:1", "10.0.0.1"],
  ["::FFFF:10.0.0.1", "10.0.0.1"],
  ["::ffff:10.0.0.01", undefined],
  ["::ffff:10.0.0.256", undefined],
  // IPv4-compatible is an IPv6 address like any other.
  ["::10.0.0.1", "::a00:1"],
  ["64:ff9b::10.0.0.1", "64:ff9b::a00:1"],
  ["fe80::1%eth0", undefined],
  ["fe80::1%", undefined],
  ["[::1]", undefined],
  ["::1/128", undefined],
  ["1::2::3", undefined],
  [":::", undefined],
  [":", undefined],
  [":1", undefined],
  ["1:2:3:4:5:6:7", undefined],
  ["1:2:3:4:5:6:7:8:9", undefined],
  ["12345::", undefined],
  ["g::", undefined],
  ["::1 ", undefined],
  ["::\n1", undefined],
  ["0".repeat(46) + "::", undefined],
  ["1.2.3.4::", undefined],
];
for (const [text, canonical] of addresses) {
  Deno.test(`parseIp() reads ${JSON.stringify(text)} as ${canonical}`, () => {
    assert.equal(parseIp(text), canonical);
  });
}

Deno.test("parseIp() never throws, and what it takes reads back as itself", () => {
  const near = fc.stringMatching(/^[0-9a-fA-F:.%/x ]{0,50}$/);
  fc.assert(
    fc.property(fc.oneof(fc.string(), near, fc.ipV4(), fc.ipV6()), (text) => {
      const ip = parseIp(text);
      if (ip !== undefined) assert.equal(parseIp(ip), ip);
    }),
  );
});

const octets = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length });
/** Octets with long runs of zeros, which decide where `::` goes. */
const sparse = fc.array(fc.constantFrom(0, 0, 0, 1, 0x10, 0xff), {
  minLength: 16,
  maxLength: 16,
}).map((list) => Uint8Array.from(list));

Deno.test("ipToBytes() gives back what ipFromBytes() was given", () => {
  fc.assert(fc.property(fc.oneof(octets(4), octets(16), sparse), (bytes) => {
    const ip = ipFromBytes(bytes)!;
    const mapped = bytes.length === 16 && !isIpv6(ip);
    assert.deepEqual(ipToBytes(ip), mapped ? bytes.slice(12) : bytes);
  }));
});

Deno.test("ipToBytes() reads IPv6 as the library does", () => {
  const texts = fc.oneof(octets(16), sparse).map((bytes) => ipFromBytes(bytes)!)
    .filter(isIpv6);
  fc.assert(fc.property(texts, (ip) => {
    const expected = new Address6(ip).toUnsignedByteArray();
    assert.deepEqual([...ipToBytes(ip)], expected);
  }));
});

Deno.test("ipFromBytes() takes 4 or 16 octets only", () => {
  for (const length of [0, 3, 5, 15, 17]) {
    assert.equal(ipFromBytes(new Uint8Array(length)), undefined);
  }
});

const ranges: [text: string, normal: string | undefined][] = [
  ["10.0.0.0/8", "10.0.0.0/8"],
  ["10.1.2.3/8", "10.1.2.3/8"],
  ["10.0.0.1", "10.0.0.1/32"],
  ["0.0.0.0/0", "0.0.0.0/0"],
  ["::/0", "::/0"],
  ["fd00::/128", "fd00::/128"],
  ["fd00::1", "fd00::1/128"],
  // A mapped address is an IPv4 one, and so is the length's meaning.
  ["::ffff:10.0.0.1", "10.0.0.1/32"],
  ["::ffff:10.0.0.0/104", undefined],
  ["10.0.0.0/33", undefined],
  ["fd00::/129", undefined],
  ["10.0.0.0/", undefined],
  ["10.0.0.0/-1", undefined],
  ["10.0.0.0/+8", undefined],
  ["10.0.0.0/8 ", undefined],
  ["10.0.0.0/8/8", undefined],
  ["10.0.0.0/0x8", undefined],
  ["10.0.0.0/1e1", undefined],
  ["10.0.0.0/255.0.0.0", undefined],
  ["10.0.0.0/0008", undefined],
  ["/8", undefined],
  ["10.0.0/8", undefined],
  ["fe80::1%eth0/64", undefined],
  ["", undefined],
];
for (const [text, normal] of ranges) {
  Deno.test(`parseCidr() reads ${JSON.stringify(text)} as ${normal}`, () => {
    const cidr = parseCidr(text);
    assert.equal(cidr && formatCidr(cidr), normal);
  });
}

const memberships: [range: string, ip: string, inside: boolean][] = [
  ["10.0.0.0/8", "10.255.255.255", true],
  ["10.0.0.0/8", "11.0.0.0", false],
  ["10.0.0.0/9", "10.127.255.255", true],
  ["10.0.0.0/9", "10.128.0.0", false],
  ["10.1.2.3/31", "10.1.2.2", true],
  ["10.1.2.3/31", "10.1.2.4", false],
  ["10.1.2.3/32", "10.1.2.3", true],
  ["10.1.2.3/32", "10.1.2.2", false],
  ["0.0.0.0/0", "255.1.2.3", true],
  ["0.0.0.0/0", "::1", false],
  ["::/0", "10.0.0.1", false],
  ["::/0", "fd00::1", true],
  ["fd00::/8", "fdff::1", true],
  ["fd00::/8", "fe00::1", false],
  ["fd00::/127", "fd00::1", true],
  ["fd00::/127", "fd00::2", false],
  ["10.0.0.0/8", "::ffff:10.1.1.1", true],
  ["::ffff:10.0.0.1", "10.0.0.1", true],
  ["::a00:0/104", "10.0.0.1", false],
];
for (const [range, ip, inside] of memberships) {
  Deno.test(`cidrContains() says ${inside} for ${ip} in ${range}`, () => {
    assert.equal(cidrContains(parseCidr(range)!, parseIp(ip)!), inside);
  });
}

/** All bits of an address, most significant first. */
const bitsOf = (ip: Ip): string =>
  Array.from(ipToBytes(ip), (b) => b.toString(2).padStart(8, "0")).join("");

Deno.test("cidrContains() compares exactly the bits of the prefix", () => {
  const pair = fc.oneof(
    fc.tuple(octets(4), octets(4), fc.nat(32)),
    fc.tuple(octets(16), octets(16), fc.nat(128)),
  );
  fc.assert(fc.property(pair, fc.boolean(), ([a, b, length], near) => {
    // Two addresses of chance hardly share a bit: let them share many.
    if (near) b.set(a.subarray(0, length >> 3));
    const [range, ip] = [ipFromBytes(a)!, ipFromBytes(b)!];
    fc.pre(isIpv6(range) === (a.length === 16) && isIpv6(ip) === isIpv6(range));
    const same = bitsOf(range).slice(0, length) === bitsOf(ip).slice(0, length);
    assert.equal(cidrContains({ ip: range, length }, ip), same);
  }));
});

const sockets: [text: string, taken: boolean][] = [
  ["10.0.0.1:80", true],
  ["[fd00::1]:65535", true],
  ["10.0.0.1:0", true],
  ["10.0.0.1:65536", false],
  ["10.0.0.1:", false],
  ["10.0.0.1", false],
  ["fd00::1:80", false],
  ["[10.0.0.1]:80", false],
  // It would read back as another text: refused, so that a key has one spelling.
  ["[::ffff:10.0.0.1]:80", false],
  ["[fd00::1]", false],
  ["[fd00::1%eth0]:80", false],
  ["10.0.0.1:+80", false],
  ["10.0.0.1:80 ", false],
  ["web.ns1:80", false],
];
for (const [text, taken] of sockets) {
  Deno.test(`parseSocketAddress() ${taken ? "takes" : "refuses"} ${text}`, () => {
    const address = parseSocketAddress(text);
    assert.equal(address && formatAddress(address), taken ? text : undefined);
  });
}

Deno.test("parsePort() reads digits up to 65535", () => {
  const texts = ["0", "80", "65535", "00080", "65536", "-1", "8e1", "", " 80"];
  assert.deepEqual(texts.map(parsePort), [
    ...[0, 80, 65535, 80],
    ...Array(5).fill(undefined),
  ]);
});

Deno.test("isLoopback() knows 127.0.0.0/8 and ::1", () => {
  const texts = ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"];
  assert.ok(texts.every((text) => isLoopback(parseIp(text)!)));
  assert.ok(!["128.0.0.1", "::2", "::"].some((t) => isLoopback(parseIp(t)!)));
});
