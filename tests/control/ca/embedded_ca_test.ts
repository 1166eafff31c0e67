import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { EmbeddedCa } from "../../../src/control/ca/mod.ts";
import { IssueError } from "../../../src/control/certificates/issuer.ts";
import type { Identity } from "../../../src/model/identity.ts";
import { FakeClock } from "../../support/fake_clock.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const cart: Identity = {
  trustDomain: "cluster.local",
  namespace: "shop",
  serviceAccount: "cart",
};
const never = new AbortController().signal;

async function openCa(
  { clock = new FakeClock(Date.now()), ttlMs = DAY_MS } = {},
) {
  const dir = await Deno.makeTempDir();
  const ca = await EmbeddedCa.open({ dir, clock, secretTtlMs: ttlMs });
  return {
    ca,
    dir,
    clock,
    [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }),
  };
}

async function openssl(...args: string[]): Promise<string> {
  const run = new Deno.Command("openssl", { args, stderr: "piped" });
  const { code, stdout, stderr } = await run.output();
  const text = new TextDecoder().decode(stdout);
  assert.equal(code, 0, text + new TextDecoder().decode(stderr));
  return text;
}

for (const purpose of ["sslclient", "sslserver"]) {
  Deno.test(`EmbeddedCa.issue() makes leaves that openssl takes as ${purpose}`, async () => {
    await using at = await openCa();
    const leaf = await at.ca.issue(cart, never);
    await Deno.writeTextFile(`${at.dir}/leaf.pem`, leaf.chainPem);
    const roots = ["-CAfile", `${at.dir}/root-cert.pem`];
    await openssl(
      ...["verify", "-x509_strict", "-purpose", purpose, ...roots],
      `${at.dir}/leaf.pem`,
    );
  });
}

Deno.test("EmbeddedCa.issue() writes one critical SPIFFE name and no subject", async () => {
  await using at = await openCa();
  const leaf = await at.ca.issue(cart, never);
  await Deno.writeTextFile(`${at.dir}/leaf.pem`, leaf.chainPem);
  const text = await openssl(
    ...["x509", "-in", `${at.dir}/leaf.pem`, "-noout", "-text"],
  );
  const lines = text.split("\n").map((line) => line.trim());
  const after = (line: string) => lines[lines.indexOf(line) + 1];
  assert.equal(
    after("X509v3 Subject Alternative Name: critical"),
    "URI:spiffe://cluster.local/ns/shop/sa/cart",
  );
  assert.equal(after("X509v3 Key Usage: critical"), "Digital Signature");
  assert.equal(after("X509v3 Basic Constraints: critical"), "CA:FALSE");
  assert.equal(
    after("X509v3 Extended Key Usage:"),
    "TLS Web Server Authentication, TLS Web Client Authentication",
  );
  assert.match(after("X509v3 Authority Key Identifier:")!, /^[0-9A-F:]{59}$/);
  assert.ok(lines.includes("Subject:"));
  assert.match(text, /NIST CURVE: P-256/);
});

Deno.test("EmbeddedCa.issue() returns the key, the dates and the roots of the leaf", async () => {
  await using at = await openCa();
  const leaf = await at.ca.issue(cart, never);
  const read = new X509Certificate(leaf.chainPem);
  const nowMs = Math.floor(at.clock.nowMs() / 1000) * 1000;
  assert.equal(leaf.spiffeId, "spiffe://cluster.local/ns/shop/sa/cart");
  assert.equal(leaf.notBeforeMs, nowMs - 2 * 60 * 1000);
  assert.equal(leaf.notAfterMs, nowMs + DAY_MS);
  assert.equal(Date.parse(read.validTo), leaf.notAfterMs);
  assert.match(leaf.keyPem, /^-----BEGIN PRIVATE KEY-----\n/);
  assert.equal(
    leaf.rootsPem,
    await Deno.readTextFile(`${at.dir}/root-cert.pem`),
  );
});

Deno.test("EmbeddedCa.issue() never repeats a key or a serial number", async () => {
  await using at = await openCa();
  const [a, b] = [
    await at.ca.issue(cart, never),
    await at.ca.issue(cart, never),
  ];
  assert.notEqual(a.keyPem, b.keyPem);
  const serial = (pem: string) => new X509Certificate(pem).serialNumber;
  assert.match(serial(a.chainPem), /^[4-7][0-9A-F]{31}$/);
  assert.notEqual(serial(a.chainPem), serial(b.chainPem));
});

Deno.test("EmbeddedCa.issue() never goes beyond the end of the root", async () => {
  await using at = await openCa();
  const root = new X509Certificate(at.ca.rootsPem);
  const rootEndMs = Date.parse(root.validTo);
  await at.clock.advance(rootEndMs - at.clock.nowMs() - 60_000);
  assert.equal((await at.ca.issue(cart, never)).notAfterMs, rootEndMs);
  await at.clock.advance(60_000);
  await assert.rejects(at.ca.issue(cart, never), /the root .* expired 20/);
});

const strange: [name: string, identity: Identity][] = [
  ["a slash in a part", { ...cart, namespace: "shop/sa/root" }],
  ["an empty part", { ...cart, serviceAccount: "" }],
  ["an empty trust domain", { ...cart, trustDomain: "" }],
  ["a letter outside ASCII", { ...cart, namespace: "sh\u00f6p" }],
  ["a line break", { ...cart, serviceAccount: "cart\n" }],
];
for (const [name, identity] of strange) {
  Deno.test(`EmbeddedCa.issue() refuses ${name}`, async () => {
    await using at = await openCa();
    await assert.rejects(at.ca.issue(identity, never), IssueError);
  });
}

Deno.test("EmbeddedCa.issue() does nothing for a signal already aborted", async () => {
  await using at = await openCa();
  const reason = new Error("no longer needed");
  await assert.rejects(at.ca.issue(cart, AbortSignal.abort(reason)), reason);
});

Deno.test("EmbeddedCa.open() gives processes that start at once the same root", async () => {
  await using at = await openCa();
  const source = new URL("../../../src/", import.meta.url);
  const program = `
    import { EmbeddedCa } from "${source}control/ca/mod.ts";
    import { systemClock as clock } from "${source}control/system_clock.ts";
    const dir = "${at.dir}/shared";
    const ca = await EmbeddedCa.open({ dir, clock, secretTtlMs: 1000 });
    console.log(ca.rootsPem);`;
  const start = () =>
    new Deno.Command(Deno.execPath(), { args: ["eval", program] });
  const outputs = await Promise.all([0, 1, 2].map(() => start().output()));
  const printed = outputs.map(({ stdout }) => new TextDecoder().decode(stdout));
  const root = await Deno.readTextFile(`${at.dir}/shared/root-cert.pem`);
  assert.deepEqual(printed, [0, 1, 2].map(() => `${root}\n`));
});
