import assert from "node:assert/strict";
import fc from "fast-check";
import { parseAuthority } from "../../src/decide/authority.ts";
import { formatAddress, ipFromBytes } from "../../src/model/address.ts";

const label = "a".repeat(63);
const longest = [label, label, label, "a".repeat(61)].join(".");

const good: [text: string, kind: string, host: string, port: number][] = [
  ["10.0.0.1:80", "address", "10.0.0.1", 80],
  ["[fd00::1]:8080", "address", "fd00::1", 8080],
  ["[FD00:0::1]:65535", "address", "fd00::1", 65535],
  ["web.ns1.svc.cluster.local:80", "hostname", "web.ns1.svc.cluster.local", 80],
  ["Web_1-a:1", "hostname", "Web_1-a", 1],
  ["*.example.com:443", "hostname", "*.example.com", 443],
  ["1.2.3.example:80", "hostname", "1.2.3.example", 80],
  [`${longest}:65535`, "hostname", longest, 65535],
];
for (const [text, kind, host, port] of good) {
  Deno.test(`parseAuthority() reads "${text}"`, () => {
    const authority = parseAuthority(text);
    const seen = authority?.kind === "address"
      ? ["address", authority.address.ip, authority.address.port]
      : [authority?.kind, authority?.hostname, authority?.port];
    assert.deepEqual(seen, [kind, host, port]);
  });
}

const bad: [name: string, text: string][] = [
  ["nothing", ""],
  ["no port", "10.0.0.1"],
  ["an empty port", "web.ns1:"],
  ["no host", ":80"],
  ["port 0", "10.0.0.1:0"],
  ["port 0 of a name", "web:0"],
  ["a port above 65535", "web:65536"],
  ["a signed port", "web:+80"],
  ["a port with space", "web: 80"],
  ["a bare IPv6 address", "fd00::1:80"],
  ["IPv4 in brackets", "[10.0.0.1]:80"],
  ["mapped IPv4 in brackets", "[::ffff:10.0.0.1]:80"],
  ["an IPv6 zone", "[fe80::1%eth0]:80"],
  ["an unclosed bracket", "[fd00::1:80"],
  ["leading zeros", "010.0.0.1:80"],
  ["an octet too large", "10.0.0.256:80"],
  ["a short IPv4 form", "127.1:80"],
  ["a decimal IPv4 address", "2130706433:80"],
  ["a hexadecimal IPv4 address", "0x7f000001:80"],
  ["a trailing dot", "web.ns1.svc.cluster.local.:80"],
  ["a leading dot", ".web:80"],
  ["user information", "admin@web:80"],
  ["a path", "web/x:80"],
  ["a scheme", "http://web:80"],
  ["a control character", "web\n:80"],
  ["a null character", "web\0:80"],
  ["a letter that is not ASCII", "wéb:80"],
  ["a label too long", `${label}a:80`],
  ["a name too long", `${longest}a:1`],
  ["endless text", `${"a.".repeat(100_000)}a:80`],
];
for (const [name, text] of bad) {
  Deno.test(`parseAuthority() refuses ${name}`, () => {
    assert.equal(parseAuthority(text), undefined);
  });
}

Deno.test("parseAuthority() reads back what formatAddress() writes", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
  );
  const port = fc.integer({ min: 1, max: 65535 });
  fc.assert(fc.property(bytes, port, (bytes, port) => {
    const address = { ip: ipFromBytes(bytes)!, port };
    const read = parseAuthority(formatAddress(address));
    assert.deepEqual(read, { kind: "address", address });
  }));
});
