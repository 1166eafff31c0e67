import assert from "node:assert/strict";
import fc from "fast-check";
import { uriSansOf } from "../../../src/wire/x509/uri_sans.ts";
import { CERTIFICATES } from "./certificates.ts";

const LONG = `spiffe://cluster.local/ns/${"n".repeat(200)}/sa/${
  "s".repeat(100)
}`;
const written: [name: keyof typeof CERTIFICATES, names: string[]][] = [
  ["one", ["spiffe://cluster.local/ns/ns1/sa/web"]],
  ["two", ["spiffe://a/ns/b/sa/c", "spiffe://d/ns/e/sa/f"]],
  ["mixed", ["spiffe://a/ns/b/sa/c"]],
  ["comma", ["spiffe://a/ns/b/sa/c, URI:spiffe://d/ns/e/sa/f"]],
  ["long", [LONG]],
  ["none", []],
  ["dns", []],
  ["v1", []],
];
for (const [name, names] of written) {
  Deno.test(`uriSansOf() reads OpenSSL's certificate "${name}"`, () => {
    assert.deepEqual(uriSansOf(CERTIFICATES[name]), names);
  });
}

const element = (tag: number, ...parts: (Uint8Array | number[])[]) => {
  const body = parts.flatMap((part) => [...part]);
  const { length } = body;
  const size = length < 0x80
    ? [length]
    : [0x83, length >> 16, length >> 8 & 0xff, length & 0xff];
  return Uint8Array.from([tag, ...size, ...body]);
};
const ascii = (text: string) => new TextEncoder().encode(text);
const uri = (text: string) => element(0x86, ascii(text));
const names = (...entries: Uint8Array[]) =>
  element(
    0x30,
    element(0x06, [0x55, 0x1d, 0x11]),
    element(0x04, element(0x30, ...entries)),
  );
const certificate = (...extensions: Uint8Array[]) =>
  element(
    0x30,
    element(0x30, element(0xa3, element(0x30, ...extensions))),
  );

const built: [name: string, der: Uint8Array, found: string[] | undefined][] = [
  ["finds what it is given", certificate(names(uri("a:b"))), ["a:b"]],
  [
    "refuses two extensions of names",
    certificate(names(uri("a:b")), names(uri("c:d"))),
    undefined,
  ],
  [
    "refuses an extension without a value",
    certificate(element(0x30, element(0x06, [0x55, 0x1d, 0x11]))),
    undefined,
  ],
  [
    "refuses names that are no sequence",
    certificate(
      element(
        0x30,
        element(0x06, [0x55, 0x1d, 0x11]),
        element(0x04, uri("a:b")),
      ),
    ),
    undefined,
  ],
  [
    "refuses a broken extension",
    certificate(Uint8Array.of(0x30, 9)),
    undefined,
  ],
  [
    "does not look into other extensions",
    certificate(
      element(0x30, element(0x06, [0x55, 0x1d, 0x12]), element(0x04, [1])),
    ),
    [],
  ],
  ["keeps an empty name", certificate(names(uri(""))), [""]],
  [
    "reads a name octet by octet",
    certificate(names(element(0x86, [0xe9, 0x00, 0x2c]))),
    ["\xe9\0,"],
  ],
  [
    "reads a name of 200,000 octets",
    certificate(names(uri("x".repeat(200_000)))),
    ["x".repeat(200_000)],
  ],
  ["refuses nothing", new Uint8Array(), undefined],
  ["refuses indefinite length", Uint8Array.of(0x30, 0x80, 0, 0), undefined],
  ["refuses a length beyond the end", Uint8Array.of(0x30, 5, 0), undefined],
  [
    "refuses a length of four octets",
    Uint8Array.of(0x30, 0x84, 0, 0, 0, 0),
    undefined,
  ],
];
for (const [name, der, found] of built) {
  Deno.test(`uriSansOf() ${name}`, () => {
    assert.deepEqual(uriSansOf(der), found);
  });
}

Deno.test("uriSansOf() never throws on a certificate with changed octets", () => {
  const some = fc.constantFrom(...Object.values(CERTIFICATES));
  const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 });
  const cut = fc.option(fc.nat(), { freq: 4 });
  fc.assert(
    fc.property(some, changes, cut, (original, edits, end) => {
      const der = original.slice();
      for (const [at, octet] of edits) der[at % der.length] = octet;
      const found = uriSansOf(der.subarray(0, end ?? der.length));
      if (found === undefined) return;
      assert.ok(found.every((name) => typeof name === "string"));
      assert.ok(found.join("").length <= der.length);
    }),
    { numRuns: 5_000 },
  );
});

Deno.test("uriSansOf() never throws on octets of chance", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (der) => {
      uriSansOf(der);
    }),
    { numRuns: 2_000 },
  );
});
