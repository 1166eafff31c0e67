import assert from "node:assert/strict";
import { ConfigError } from "../../../src/base/errors.ts";
import { openCaDir } from "../../../src/control/ca/ca_dir.ts";

const made = { certificatePem: "certificate\n", keyPem: "key\n" };
const make = () => Promise.resolve(made);
const mustNotMake = () => Promise.reject(new Error("made again"));

async function tempDir() {
  const path = await Deno.makeTempDir();
  const dispose = () => Deno.remove(path, { recursive: true });
  return { path, [Symbol.asyncDispose]: dispose };
}

Deno.test("openCaDir() makes both files, the key for its owner only", async () => {
  await using dir = await tempDir();
  const files = await openCaDir(`${dir.path}/new/ca`, make);
  assert.equal(files.certificatePem, made.certificatePem);
  assert.equal(files.keyPem, made.keyPem);
  assert.equal((await Deno.stat(files.keyPath)).mode! & 0o777, 0o600);
  const names = [...Deno.readDirSync(`${dir.path}/new/ca`)].map((e) => e.name);
  assert.deepEqual(names.sort(), [".lock", "ca-key.pem", "root-cert.pem"]);
});

Deno.test("openCaDir() reads what an earlier start made", async () => {
  await using dir = await tempDir();
  await openCaDir(dir.path, make);
  assert.equal((await openCaDir(dir.path, mustNotMake)).keyPem, made.keyPem);
});

Deno.test("openCaDir() makes one authority for many starts at once", async () => {
  await using dir = await tempDir();
  let count = 0;
  const makeNumbered = async () => {
    const text = `${++count}\n`;
    await Promise.resolve();
    return { certificatePem: text, keyPem: text };
  };
  const starts = Array.from(
    { length: 8 },
    () => openCaDir(dir.path, makeNumbered),
  );
  for (const files of await Promise.all(starts)) {
    assert.deepEqual([files.certificatePem, files.keyPem], ["1\n", "1\n"]);
  }
});

Deno.test("openCaDir() completes a start that died between the two files", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(`${dir.path}/ca-key.pem`, "key\n", { mode: 0o600 });
  await Deno.writeTextFile(`${dir.path}/root-cert.pem.new`, "certificate\n");
  const files = await openCaDir(dir.path, mustNotMake);
  assert.equal(files.certificatePem, "certificate\n");
});

Deno.test("openCaDir() forgets a start that died before the first file", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(`${dir.path}/root-cert.pem.new`, "half a cert");
  await Deno.writeTextFile(`${dir.path}/ca-key.pem.new`, "half a key");
  const files = await openCaDir(dir.path, make);
  assert.equal(files.certificatePem, made.certificatePem);
});

const broken: [
  name: string,
  spoil: (dir: string) => Promise<void>,
  message: RegExp,
][] = [
  [
    "a key that others may read",
    (dir) => Deno.chmod(`${dir}/ca-key.pem`, 0o640),
    /ca-key.pem": its mode 640 lets others/,
  ],
  [
    "a lost key",
    (dir) => Deno.remove(`${dir}/ca-key.pem`),
    /ca-key.pem": not there although/,
  ],
  [
    "a lost certificate",
    (dir) => Deno.remove(`${dir}/root-cert.pem`),
    /root-cert.pem": not there although/,
  ],
  [
    "a file too large",
    (dir) => Deno.truncate(`${dir}/root-cert.pem`, 65_537),
    /root-cert.pem": 65537 octets, at most 65536/,
  ],
];
for (const [name, spoil, message] of broken) {
  Deno.test(`openCaDir() refuses ${name}`, async () => {
    await using dir = await tempDir();
    await openCaDir(dir.path, make);
    await spoil(dir.path);
    await assert.rejects(openCaDir(dir.path, mustNotMake), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, message);
      return true;
    });
  });
}

Deno.test("openCaDir() names a folder that cannot be made", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(`${dir.path}/file`, "");
  await assert.rejects(
    openCaDir(`${dir.path}/file/ca`, make),
    /^ConfigError: Cannot use --ca-dir ".*\/file\/ca": /,
  );
});
