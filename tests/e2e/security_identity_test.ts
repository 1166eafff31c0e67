/** Who may open a tunnel, and who may answer one: certificates that are refused, on both sides. */
import assert from "node:assert/strict";
import { OUTSIDER_ADDRESSES } from "../lab/addresses.ts";
import type { Lab, LabPod } from "../lab/mod.ts";
import { isAnswered, isFrom, watchAccess } from "./policy_support.ts";
import {
  makeOddCertificate,
  startImpostor,
  tryHandshake,
} from "./security_certificates.ts";
import {
  type CertificateFiles,
  type CertificateOptions,
  issue,
  rogueCaFolder,
  writeCertificate,
} from "./security_support.ts";
import { type Mesh, shareMesh } from "./support.ts";

const meshTest = shareMesh();
const SLEEP = "spiffe://cluster.local/ns/default/sa/sleep";
const UNVERIFIED = "invalid peer certificate: unknown issuer, or not valid now";

/** More than a second, the grain of a certificate's times. */
const EXPIRY_MS = 1_100;

const issued =
  (options: Partial<CertificateOptions> = {}) => async (lab: Lab) =>
    await writeCertificate(
      lab,
      await issue(lab, { serviceAccount: "sleep", ...options }),
    );

const odd = (names: string, purposes?: string) => (lab: Lab) =>
  makeOddCertificate(lab, {
    names,
    ...(purposes === undefined ? {} : { purposes }),
  });

async function rogue(lab: Lab): Promise<CertificateFiles> {
  return await issued({ caFolder: rogueCaFolder(lab) })(lab);
}

async function expired(lab: Lab): Promise<CertificateFiles> {
  const files = await issued({ ttlMs: 1 })(lab);
  await new Promise((resolve) => setTimeout(resolve, EXPIRY_MS));
  return files;
}

/** Signed by a workload with its own certificate, which is no authority. */
async function signedByLeaf(lab: Lab): Promise<CertificateFiles> {
  const issuer = await issued()(lab);
  return await makeOddCertificate(lab, { names: `URI:${SLEEP}`, issuer });
}

const CLIENTS: readonly [
  title: string,
  make: (lab: Lab) => Promise<CertificateFiles> | undefined,
  error: string,
][] = [
  ["no certificate", () => undefined, "peer sent no certificates"],
  ["a certificate of another authority", rogue, UNVERIFIED],
  ["an expired certificate", expired, UNVERIFIED],
  ["a certificate that a workload signed", signedByLeaf, UNVERIFIED],
  [
    "a certificate that is for servers alone",
    odd(`URI:${SLEEP}`, "serverAuth"),
    UNVERIFIED,
  ],
  [
    "a certificate of another trust domain",
    issued({ trustDomain: "other.domain" }),
    "identity verification error: expected trustdomain (cluster.local), got other.domain",
  ],
  [
    "a trust domain that begins like the mesh's",
    issued({ trustDomain: "cluster.local.evil" }),
    "identity verification error: expected trustdomain (cluster.local), got cluster.local.evil",
  ],
  [
    "a certificate of two identities",
    odd(`URI:${SLEEP},URI:${SLEEP}2`),
    "identity verification error: want one URI SAN, got 2",
  ],
  [
    "a certificate for a host",
    odd("DNS:sleep.default.svc.cluster.local"),
    "identity verification error: want one URI SAN, got 0",
  ],
  [
    "a SPIFFE ID that is no workload's",
    odd("URI:spiffe://cluster.local/sleep"),
    'identity verification error: SAN "spiffe://cluster.local/sleep" is not a workload\'s SPIFFE ID',
  ],
];

meshTest("a client with a good certificate is taken", async (mesh) => {
  const files = await issued()(mesh.lab);
  const outcome = await tryHandshake(mesh.lab, mesh.httpbin, files);
  assert.equal(outcome.closedByServer, false);
  assert.ok(outcome.heard > 0, "the server's first HTTP/2 frame");
});

for (const [title, make, error] of CLIENTS) {
  meshTest(`a client with ${title} is refused`, async (mesh) => {
    const files = await make(mesh.lab);
    await expectRefusal(mesh, files, error);
  });
}

meshTest("a client that speaks TLS 1.2 at most is refused", async (mesh) => {
  const files = await issued()(mesh.lab);
  const error = "peer is incompatible: SupportedVersionsExtensionRequired";
  await expectRefusal(mesh, files, error, ["-tls1_2"]);
});

async function expectRefusal(
  { lab, httpbin, server }: Mesh,
  files: CertificateFiles | undefined,
  error: string,
  flags: readonly string[] = [],
): Promise<void> {
  const seen = watchAccess(server);
  const outcome = await tryHandshake(lab, httpbin, files, { flags });
  assert.deepEqual(outcome, { closedByServer: true, heard: 0 });
  const fields = await seen("the refusal", isFrom(OUTSIDER_ADDRESSES[0]));
  assert.equal(fields["error"], `tls handshake error: ${error}`);
}

/** Servers that answer for the pod `fake`, whose service account is its name. */
const SERVERS: readonly [
  title: string,
  make: (lab: Lab) => Promise<CertificateFiles>,
  error: string,
][] = [
  [
    "another service account",
    issued({ serviceAccount: "echo" }),
    "io error: invalid peer certificate: identity verification error: " +
    "peer did not present the expected SAN " +
    "(spiffe://cluster.local/ns/default/sa/fake), " +
    "got spiffe://cluster.local/ns/default/sa/echo",
  ],
  [
    "its namesake in another namespace",
    issued({ serviceAccount: "fake", namespace: "other" }),
    "io error: invalid peer certificate: identity verification error: " +
    "peer did not present the expected SAN " +
    "(spiffe://cluster.local/ns/default/sa/fake), " +
    "got spiffe://cluster.local/ns/other/sa/fake",
  ],
  [
    "the right name, signed by another authority",
    async (lab) =>
      await issued({ serviceAccount: "fake", caFolder: rogueCaFolder(lab) })(
        lab,
      ),
    `io error: ${UNVERIFIED}`,
  ],
  [
    "the right name among two",
    odd(
      "URI:spiffe://cluster.local/ns/default/sa/fake," +
        "URI:spiffe://cluster.local/ns/default/sa/echo",
    ),
    "identity verification error: want one URI SAN, got 2",
  ],
];

const PREFACE = /PRI \* HTTP\/2\.0/;

meshTest(
  "a server that proves the expected name is spoken to",
  async (mesh) => {
    const fake = await fakeOf(mesh);
    const files = await issued({ serviceAccount: "fake" })(mesh.lab);
    await using server = await startImpostor(mesh.lab, fake, files);
    const impatient = ["--max-time", "1"];
    await mesh.get(mesh.sleep, mesh.urlOf(fake), impatient);
    await server.untilLog(PREFACE);
  },
);

for (const [title, make, error] of SERVERS) {
  meshTest(`a server that proves ${title} hears nothing`, async (mesh) => {
    const fake = await fakeOf(mesh);
    const files = await make(mesh.lab);
    await using server = await startImpostor(mesh.lab, fake, files);
    const seen = watchAccess(mesh.client);
    const reply = await mesh.get(mesh.sleep, mesh.urlOf(fake));
    assert.equal(isAnswered(reply), false);
    const isAboutFake = ({ fields }: { fields: Record<string, string> }) =>
      fields["dst.workload"] === "fake";
    const fields = await seen("the refusal", isAboutFake);
    assert.equal(fields["error"], error);
    assert.equal(fields["bytes_sent"], "0");
    assert.doesNotMatch(server.log(), PREFACE);
  });
}

let fake: LabPod | undefined;

/** A pod that says it speaks HBONE itself, so that no proxy stands before it. */
async function fakeOf({ lab, client }: Mesh): Promise<LabPod> {
  fake ??= await lab.addPod({
    name: "fake",
    node: "node-2",
    labels: { app: "fake", "networking.istio.io/tunnel": "http" },
  });
  const isKnown = (name: string, protocol: string) =>
    name === "fake" && protocol === "HBONE";
  await client.untilDump(
    "fake is known to speak HBONE",
    ({ workloads }) =>
      workloads.some(({ name, protocol }) => isKnown(name, protocol)),
  );
  return fake;
}
