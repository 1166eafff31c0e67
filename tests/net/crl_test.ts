/** Revocation lists made by openssl, against chains that TLS has verified. */
import assert from "node:assert/strict";
import {
  type PeerChain,
  peerChain,
  Revocations,
} from "../../src/net/revocations.ts";
import { connectTls } from "../../src/net/tls_client.ts";
import { TlsServer } from "../../src/net/tls_server.ts";
import { CrlError, readCrlFile } from "../../src/wire/crl/mod.ts";
import type { WorkloadCertificate } from "../../src/model/certificate.ts";
import { CrlFile } from "../../src/control/crl/mod.ts";
import {
  type AuthorityFiles,
  makeCrl,
  OpensslPki,
} from "../support/openssl_pki.ts";
import { makeTcpPair } from "../support/sockets.ts";
import { TestProxy } from "../support/proxy_context.ts";

const pki = await OpensslPki.make();
Deno.test.afterAll(() => pki[Symbol.asyncDispose]());

const root = await pki.authority("root");
const middle = await pki.authority("middle", { by: root });
const twin = await pki.authority("middle"); // of the same name, and nobody's
const idOf = (name: string) => `spiffe://cluster.local/ns/ns1/sa/${name}`;
const below = (by: AuthorityFiles, name: string, serial: number) =>
  pki.leaf(idOf(name), serial, by, {
    roots: root.certificate,
    chain: by === root ? [] : [by.certificate],
  });
const client = await below(middle, "client", 0x11);
const server = await below(root, "server", 0x8022);

/** What each side sees of the other. */
async function chainsOf(
  one: WorkloadCertificate,
  two: WorkloadCertificate,
): Promise<{ ofClient: PeerChain; ofServer: PeerChain }> {
  await using tcp = await makeTcpPair();
  const [near, far] = await Promise.all([
    connectTls(tcp.client, { certificate: one, expected: [two.spiffeId] }),
    new TlsServer(two, "cluster.local").handshake(tcp.server),
  ]);
  return { ofServer: peerChain(near), ofClient: peerChain(far.socket) };
}

const { ofClient, ofServer } = await chainsOf(client, server);
const octets = (text: string) => new TextEncoder().encode(text);
const listed = async (
  by: AuthorityFiles,
  ...serials: string[]
): Promise<Uint8Array> => octets(await makeCrl(by, serials));

Deno.test("peerChain() goes from a peer's certificate to its root, on both sides", () => {
  assert.equal(ofClient.length, 3);
  assert.equal(ofServer.length, 2);
  assert.deepEqual([ofClient[0]?.serial, ofServer[0]?.serial], ["11", "8022"]);
  assert.equal(ofClient[0]?.issuer, ofClient[1]?.subject);
  assert.equal(ofClient[1]?.issuer, ofClient[2]?.subject);
});

const middleSerial = ofClient[1]?.serial ?? "";
const rows: [
  what: string,
  list: () => Promise<Uint8Array>,
  client: boolean,
  server: boolean,
][] = [
  ["an empty file", () => Promise.resolve(octets("\n")), false, false],
  ["an empty list", () => listed(root), false, false],
  ["the leaf, by its issuer", () => listed(middle, "11"), true, false],
  ["it among others", () => listed(middle, "10", "11", "12"), true, false],
  ["its serial, by the root", () => listed(root, "11"), false, false],
  [
    "its serial, by a stranger of its issuer's name",
    () => listed(twin, "11"),
    false,
    false,
  ],
  ["the intermediate", () => listed(root, middleSerial), true, false],
  [
    "a serial with its highest bit set",
    () => listed(root, "8022"),
    false,
    true,
  ],
  [
    "one in each of two lists",
    async () =>
      octets(await makeCrl(root, ["8022"]) + await makeCrl(middle, ["11"])),
    true,
    true,
  ],
  [
    "one between blocks of other kinds",
    async () =>
      octets(
        await Deno.readTextFile(root.certificate) +
          await makeCrl(middle, ["11"]) + "\nend\n",
      ),
    true,
    false,
  ],
];
for (const [what, list, ofTheClient, ofTheServer] of rows) {
  Deno.test(`Revocations knows ${what}`, async () => {
    const revocations = new Revocations();
    revocations.replace(readCrlFile(await list()));
    assert.equal(revocations.isRevoked(ofClient), ofTheClient);
    assert.equal(revocations.isRevoked(ofServer), ofTheServer);
  });
}

Deno.test("Revocations reads a list in DER, and one that is out of date", async () => {
  const dates =
    "-crl_lastupdate 20200101000000Z -crl_nextupdate 20200102000000Z";
  const pem = await makeCrl(middle, ["11"], dates);
  const der = Uint8Array.from(
    atob(pem.replaceAll(/-----.*-----|\s/g, "")),
    (c) => c.charCodeAt(0),
  );
  const revocations = new Revocations();
  revocations.replace(readCrlFile(der));
  assert.equal(revocations.isRevoked(ofClient), true);
});

for (const kind of ["rsa", "ed25519"] as const) {
  Deno.test(`Revocations verifies a list signed with ${kind}`, async () => {
    const other = await pki.authority(`root-${kind}`, { kind });
    const roots = { roots: other.certificate };
    const leaf = await pki.leaf(idOf("other"), 0x33, other, roots);
    const chains = await chainsOf(leaf, leaf);
    const revocations = new Revocations();
    revocations.replace(readCrlFile(await listed(other, "33")));
    assert.equal(revocations.isRevoked(chains.ofClient), true);
    assert.equal(revocations.isRevoked(ofClient), false);
  });
}

Deno.test("Revocations takes 20,000 entries", async () => {
  const serials = Array.from(
    { length: 20_000 },
    (_, i) => (0x100000 + i).toString(16).toUpperCase(),
  );
  const [list] = readCrlFile(await listed(middle, ...serials, "11"));
  assert.equal(list?.serials.size, 20_001);
  const revocations = new Revocations();
  revocations.replace([list!]);
  assert.equal(revocations.isRevoked(ofClient), true);
  assert.equal(revocations.isRevoked(ofServer), false);
});

Deno.test("a list whose serials were changed after it was signed counts for nothing", async () => {
  const [list] = readCrlFile(await listed(middle, "10"));
  const revocations = new Revocations();
  revocations.replace([{
    ...list!,
    serials: new Set(["11"]),
    tbs: list!.tbs.map((o) => o ^ 1),
  }]);
  assert.equal(revocations.isRevoked(ofClient), false);
});

Deno.test("Revocations tells who is watched, until told to stop", async () => {
  const revocations = new Revocations();
  const told: string[] = [];
  revocations.watch(ofClient, () => told.push("client"));
  const stop = revocations.watch(ofServer, () => told.push("server"));
  revocations.replace(readCrlFile(await listed(middle, "11")));
  assert.deepEqual(told, ["client"]);
  stop();
  revocations.replace(readCrlFile(await listed(root, "8022")));
  assert.deepEqual(told, ["client"]);
});

Deno.test("readCrlFile() refuses garbage, also inside a list in good order", async () => {
  const good = await makeCrl(middle, ["11"]);
  const cut = good.replace(/\n.{64}\n/, "\n");
  for (const text of ["garbage", cut, good.replace("M", "*")]) {
    assert.throws(() => readCrlFile(octets(text)), CrlError);
  }
});

Deno.test("CrlFile follows its file, and keeps what it had when that breaks", async () => {
  const proxy = new TestProxy();
  const path = `${pki.folder}/followed.crl`;
  const over = new AbortController();
  const heard: number[] = [];
  const waiting: (() => void)[] = [];
  new CrlFile({
    path,
    log: proxy.context.log("tls::crl"),
    signal: over.signal,
    onChange: (lists) => {
      heard.push(lists.length);
      waiting.shift()?.();
    },
    times: { debounceMs: 20, pollMs: 50 },
  });
  const next = () => new Promise<void>((resolve) => waiting.push(resolve));
  assert.deepEqual(heard, []);
  const one = await makeCrl(middle, ["11"]);
  const told = [next(), next()];
  await Deno.writeTextFile(path, one);
  await told[0];
  await Deno.writeTextFile(path, "garbage");
  while (!proxy.lines().some((l) => l.includes("failed to reload crl"))) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.deepEqual(heard, [1]);
  await Deno.writeTextFile(path, one + await makeCrl(root, []));
  await told[1];
  assert.deepEqual(heard, [1, 2]);
  over.abort();
  const [first] = proxy.lines();
  assert.match(
    first ?? "",
    /crl file not found, will retry on first validation/,
  );
});
