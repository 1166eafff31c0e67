import assert from "node:assert/strict";
import fc from "fast-check";
import { ipFromBytes, ipToBytes } from "../../../src/model/address.ts";
import { encodeProxyHeader } from "../../../src/wire/proxy_protocol/encode.ts";
import { at } from "../../support/sample_mesh.ts";

const hex = (text: string) => Uint8Array.fromHex(text.replaceAll(/\s/g, ""));

Deno.test("encodeProxyHeader() writes the octets of the specification for IPv4", () => {
  const header = encodeProxyHeader({
    source: at("10.1.2.3", 40_000),
    destination: at("10.4.5.6", 8080),
  });
  assert.deepEqual(
    header,
    hex(`
      0d0a0d0a000d0a515549540a
      21 11 000c
      0a010203 0a040506 9c40 1f90`),
  );
});

Deno.test("encodeProxyHeader() writes the octets of the specification for IPv6, with the client's identity", () => {
  const header = encodeProxyHeader({
    source: at("fd00::1", 1),
    destination: at("fd00::2", 65_535),
    spiffeId: "spiffe://a/ns/b/sa/c",
  });
  assert.deepEqual(
    header,
    hex(`
      0d0a0d0a000d0a515549540a
      21 21 003b
      fd000000000000000000000000000001
      fd000000000000000000000000000002
      0001 ffff
      d0 0014 7370696666653a2f2f612f6e732f622f73612f63`),
  );
});

Deno.test("encodeProxyHeader() leaves addresses of two families out", () => {
  const header = encodeProxyHeader({
    source: at("10.1.2.3", 40_000),
    destination: at("fd00::2", 80),
    spiffeId: "s",
  });
  assert.deepEqual(
    header,
    hex("0d0a0d0a000d0a515549540a 21 00 0004 d0 0001 73"),
  );
});

/** Reads a header as the specification tells a receiver to. */
function read(octets: Uint8Array) {
  const view = new DataView(octets.buffer, octets.byteOffset);
  assert.equal(
    new TextDecoder().decode(octets.subarray(0, 12)),
    "\r\n\r\n\0\r\nQUIT\n",
  );
  assert.equal(octets[12]! >> 4, 2, "version");
  assert.equal(octets[12]! & 0xf, 1, "command PROXY");
  assert.equal(octets.length, 16 + view.getUint16(14), "length");
  const size = new Map([[0x11, 4], [0x21, 16], [0x00, 0]]).get(octets[13]!)!;
  const ports = 16 + 2 * size;
  const tlvs: [number, string][] = [];
  for (let i = size === 0 ? 16 : ports + 4; i < octets.length;) {
    const length = view.getUint16(i + 1);
    const value = octets.subarray(i + 3, i + 3 + length);
    assert.equal(value.length, length);
    tlvs.push([octets[i]!, new TextDecoder().decode(value)]);
    i += 3 + length;
  }
  if (size === 0) return { tlvs };
  const address = (start: number) =>
    ipFromBytes(octets.subarray(start, start + size));
  return {
    source: { ip: address(16), port: view.getUint16(ports) },
    destination: { ip: address(16 + size), port: view.getUint16(ports + 2) },
    tlvs,
  };
}

Deno.test("encodeProxyHeader() is read back by a receiver", () => {
  const octets = (n: number) => fc.uint8Array({ minLength: n, maxLength: n });
  const address = fc.record({
    ip: fc.oneof(octets(4), octets(16)).map((bytes) => ipFromBytes(bytes)!),
    port: fc.nat(65_535),
  }, { noNullPrototype: true });
  const spiffeId = fc.option(fc.string({ unit: "grapheme" }));
  fc.assert(
    fc.property(address, address, spiffeId, (source, destination, id) => {
      const named = id === null ? {} : { spiffeId: id };
      const found = read(encodeProxyHeader({ source, destination, ...named }));
      const tlvs = id === null ? [] : [[0xd0, id]];
      const same = ipToBytes(source.ip).length ===
        ipToBytes(destination.ip).length;
      assert.deepEqual(found, same ? { source, destination, tlvs } : { tlvs });
    }),
  );
});
