import assert from "node:assert/strict";
import { ConfigError } from "../../../src/base/errors.ts";
import { readAuthority } from "../../../src/control/ca/authority.ts";
import { makeLeaf } from "../../../src/control/ca/make_leaf.ts";
import { makeRoot } from "../../../src/control/ca/make_root.ts";

const NOW_MS = Date.UTC(2026, 0, 1);
const YEARS_MS = 365 * 24 * 60 * 60 * 1000;

const filesOf = (root: { certificatePem: string; keyPem: string }) => ({
  certificatePath: "/ca/root-cert.pem",
  keyPath: "/ca/ca-key.pem",
  ...root,
});

/** Runs openssl to make a root as an operator would. */
async function opensslRoot(...newKey: string[]) {
  const dir = await Deno.makeTempDir();
  try {
    const args = ["req", "-x509", "-nodes", "-days", "30", "-subj", "/CN=own"];
    const files = ["-keyout", `${dir}/key`, "-out", `${dir}/cert`];
    const run = new Deno.Command("openssl", {
      args: [...args, ...files, ...newKey],
    });
    assert.equal((await run.output()).code, 0);
    return {
      certificatePem: await Deno.readTextFile(`${dir}/cert`),
      keyPem: await Deno.readTextFile(`${dir}/key`),
    };
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const SIGN = ["-addext", "keyUsage=critical,keyCertSign"];
const P384 = [...SIGN, "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"];
const kinds: [name: string, newKey: string[], signs: string][] = [
  ["EC P-384", P384, "ecdsa-with-SHA384"],
  ["RSA", ["-newkey", "rsa:2048", ...SIGN], "sha256WithRSAEncryption"],
];
for (const [name, newKey, signs] of kinds) {
  Deno.test(`readAuthority() takes an operator's own ${name} root`, async () => {
    const root = await opensslRoot(...newKey);
    const authority = await readAuthority(filesOf(root), Date.now());
    const spiffeId = "spiffe://td/ns/a/sa/b";
    const nowMs = Date.now();
    const leaf = await makeLeaf(authority, { spiffeId, nowMs, ttlMs: 60_000 });
    assert.equal(
      await verifiedSignature(leaf.chainPem, root.certificatePem),
      signs,
    );
  });
}

/** The leaf's signature algorithm, once openssl has checked its chain. */
async function verifiedSignature(leafPem: string, rootPem: string) {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${dir}/leaf`, leafPem);
    await Deno.writeTextFile(`${dir}/root`, rootPem);
    const verify = [
      "verify",
      "-x509_strict",
      "-CAfile",
      `${dir}/root`,
      `${dir}/leaf`,
    ];
    const verified = await new Deno.Command("openssl", { args: verify })
      .output();
    assert.equal(verified.code, 0, new TextDecoder().decode(verified.stderr));
    const args = ["x509", "-noout", "-text", "-in", `${dir}/leaf`];
    const { stdout } = await new Deno.Command("openssl", { args }).output();
    return /Signature Algorithm: (\S+)/.exec(new TextDecoder().decode(stdout))
      ?.[1];
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("readAuthority() signs with the root its key fits and trusts all", async () => {
  const [old, next] = [await makeRoot(NOW_MS), await makeRoot(NOW_MS)];
  const both = old.certificatePem + next.certificatePem;
  const authority = await readAuthority(
    filesOf({ certificatePem: both, keyPem: next.keyPem }),
    NOW_MS,
  );
  assert.equal(authority.rootsPem, both);
  assert.equal(
    `${authority.certificate.toString("pem")}\n`,
    next.certificatePem,
  );
});

const root = await makeRoot(NOW_MS);
const other = await makeRoot(NOW_MS);
const NO_CA = ["-newkey", "rsa:2048", "-addext", "basicConstraints=CA:FALSE"];
const NO_SIGN = ["-newkey", "rsa:2048", "-addext", "keyUsage=cRLSign"];
const P521 = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-521"];
const rows: [
  name: string,
  files: () => Promise<{ certificatePem: string; keyPem: string }>,
  nowMs: number,
  message: RegExp,
][] = [
  [
    "a key that fits no certificate",
    () => Promise.resolve({ ...root, keyPem: other.keyPem }),
    NOW_MS,
    /ca-key.pem" .*: fits no certificate of "\/ca\/root-cert.pem"/,
  ],
  [
    "an expired root",
    () => Promise.resolve(root),
    NOW_MS + 10 * YEARS_MS,
    /root-cert.pem" .*: expired 2035-/,
  ],
  [
    "a root of the future",
    () => Promise.resolve(root),
    NOW_MS - YEARS_MS,
    /not valid before 2025-12-31T23:58/,
  ],
  [
    "a key file without a key",
    () => Promise.resolve({ ...root, keyPem: "none" }),
    NOW_MS,
    /ca-key.pem" .*: no private key/,
  ],
  [
    "a file without a certificate",
    () => Promise.resolve({ ...root, certificatePem: "" }),
    NOW_MS,
    /no certificate in it/,
  ],
  [
    "a broken certificate",
    () =>
      Promise.resolve({
        ...root,
        certificatePem: root.certificatePem.replace(/\nM[^\n]+/, "\nAAAA"),
      }),
    NOW_MS,
    /root-cert.pem" .*: no certificate: /,
  ],
  [
    "a certificate that is no CA's",
    () => opensslRoot(...NO_CA),
    Date.now() + 5_000,
    /not the certificate of a CA/,
  ],
  [
    "a CA that may not sign",
    () => opensslRoot(...NO_SIGN),
    Date.now() + 5_000,
    /key usage does not allow/,
  ],
  [
    "a key of another kind",
    () => opensslRoot(...P521),
    Date.now() + 5_000,
    /key is ec secp521r1, not EC P-256/,
  ],
];
for (const [name, files, nowMs, message] of rows) {
  Deno.test(`readAuthority() refuses ${name} in one line`, async () => {
    await assert.rejects(
      readAuthority(filesOf(await files()), nowMs),
      (error) => {
        assert.ok(error instanceof ConfigError, String(error));
        assert.match(error.message, message);
        assert.ok(!error.message.includes("\n"));
        return true;
      },
    );
  });
}
