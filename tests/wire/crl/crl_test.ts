import assert from "node:assert/strict";
import fc from "fast-check";
import { CrlError, readCrlFile } from "../../../src/wire/crl/mod.ts";
import { objectIdText } from "../../../src/wire/x509/der.ts";

/** By openssl: serials 11 and 8022, about end entities only. */
const PARTIAL = `-----BEGIN X509 CRL-----
MIHnMIGNAgEBMAoGCCqGSM49BAMCMA8xDTALBgNVBAMMBHJvb3QXDTI2MTEyMTEy
MDcxNFoXDTI2MTEyMjEyMDcxNFowODAgAgERFw0yNjAxMDEwMDAwMDBaMAwwCgYD
VR0VBAMKAQEwFAIDAIAiFw0yNjAxMDEwMDAwMDBaoBMwETAPBgNVHRwBAf8EBTAD
gQH/MAoGCCqGSM49BAMCA0kAMEYCIQCMVWOuqaRf/qOKgZAEfH1rkU5A/CP94dg8
hzR/qFgxcwIhAIzmPfZKHW0MokPRx9dASLlt9mujNyynzoWWAoYPhLXm
-----END X509 CRL-----`;

/** The same, but also about other issuers' certificates. */
const INDIRECT = `-----BEGIN X509 CRL-----
MIHmMIGNAgEBMAoGCCqGSM49BAMCMA8xDTALBgNVBAMMBHJvb3QXDTI2MTEyMTEy
MDcxNFoXDTI2MTEyMjEyMDcxNFowODAgAgERFw0yNjAxMDEwMDAwMDBaMAwwCgYD
VR0VBAMKAQEwFAIDAIAiFw0yNjAxMDEwMDAwMDBaoBMwETAPBgNVHRwBAf8EBTAD
hAH/MAoGCCqGSM49BAMCA0gAMEUCIQC0wxTKqzprgBHnmsLCMWeId34nOcn90L1Y
J5MnxTCibQIgYE/79XKz4jqTW7KwsvSnGZkg3Brikdkgc//L1bnAf04=
-----END X509 CRL-----`;

const octets = (text: string) => new TextEncoder().encode(text);

function derOf(pem: string): Uint8Array {
  const base64 = pem.replaceAll(/-----.*-----|\s/g, "");
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

Deno.test("readCrlFile() reads what openssl writes, in PEM and in DER", () => {
  for (const file of [octets(PARTIAL), derOf(PARTIAL)]) {
    const [list, ...more] = readCrlFile(file);
    assert.deepEqual(more, []);
    assert.deepEqual([...list?.serials ?? []], ["11", "8022"]);
    assert.equal(list?.algorithm, "sha256");
    assert.deepEqual(list?.der, derOf(PARTIAL));
  }
});

const refused: [what: string, file: Uint8Array, why: RegExp][] = [
  ["text", octets("text"), /no list/],
  [
    "an indirect list",
    octets(INDIRECT),
    /unsupported critical extension 2\.5\.29\.28/,
  ],
  ["half a list", derOf(PARTIAL).slice(0, 100), /no list/],
  [
    "bad base64",
    octets(PARTIAL.replace("CRL-----\n", "CRL-----\n*")),
    /bad base64/,
  ],
  [
    "another algorithm",
    other(derOf(PARTIAL)),
    /unsupported signature algorithm 1\.2\.840\.10045\.4\.3\.9/,
  ],
  ["too much", new Uint8Array(16 * 1024 * 1024 + 1), /at most 16777216/],
];

/** A list whose outer algorithm nobody knows. */
function other(der: Uint8Array): Uint8Array {
  const id = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
  const at = der.findLastIndex((_, i) => id.every((o, j) => der[i + j] === o));
  der[at + 7] = 9;
  return der;
}

for (const [what, file, why] of refused) {
  Deno.test(`readCrlFile() refuses ${what}`, () => {
    assert.throws(() => readCrlFile(file), (error) => {
      assert.ok(error instanceof CrlError);
      assert.match(error.message, why);
      return true;
    });
  });
}

Deno.test("readCrlFile() throws nothing but CrlError", () => {
  const good = derOf(PARTIAL);
  const mutated = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), {
    minLength: 1,
    maxLength: 4,
  }).map((changes) => {
    const copy = good.slice();
    for (const [at, octet] of changes) copy[at] = octet;
    return copy;
  });
  const files = fc.oneof(mutated, fc.uint8Array({ maxLength: 200 }));
  fc.assert(
    fc.property(files, (file) => {
      try {
        readCrlFile(file);
      } catch (error) {
        assert.ok(error instanceof CrlError, String(error));
      }
    }),
    { numRuns: 5_000 },
  );
});

Deno.test("objectIdText() reads arcs of any length", () => {
  assert.equal(objectIdText(Uint8Array.of(0x55, 29, 28)), "2.5.29.28");
  assert.equal(objectIdText(Uint8Array.of(0x88, 0x37, 3)), "2.999.3");
  assert.equal(objectIdText(Uint8Array.of(0x55, 0x80)), undefined);
  assert.equal(objectIdText(new Uint8Array(0)), undefined);
  assert.equal(objectIdText(new Uint8Array(12).fill(0xff)), undefined);
});
