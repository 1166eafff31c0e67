import assert from "node:assert/strict";
import "reflect-metadata";
import {
  PemConverter,
  Pkcs10CertificateRequest,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import type { AuthToken } from "../../../src/config/mod.ts";
import { IssueError } from "../../../src/control/certificates/mod.ts";
import { IstioCa } from "../../../src/control/istio_ca/mod.ts";
import {
  type IstioCertificateRequest,
  IstioCertificateRequestSchema,
  IstioCertificateResponseSchema,
} from "../../../src/wire/istio_ca/gen/ca_pb.ts";
import { type FakeCall, FakeIstiod } from "../../support/fake_istiod.ts";
import { makeTestCa, type TestCa } from "../../support/test_ca.ts";

const CART = {
  trustDomain: "cluster.local",
  namespace: "shop",
  serviceAccount: "cart",
};
const CART_ID = "spiffe://cluster.local/ns/shop/sa/cart";
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const HOUR_MS = 60 * 60 * 1000;

interface Asking extends AsyncDisposable {
  readonly ca: IstioCa;
  readonly istiod: FakeIstiod;
  readonly warnings: string[];
}

async function asking(
  {
    authToken = { kind: "static", token: "secret" },
    rootsPath,
    impersonates = true,
  }: {
    authToken?: AuthToken;
    rootsPath?: string;
    impersonates?: boolean;
  } = {},
): Promise<Asking> {
  const istiod = await FakeIstiod.start();
  const warnings: string[] = [];
  const ca = new IstioCa({
    server: {
      address: istiod.address,
      roots: rootsPath === undefined
        ? { kind: "inline", pem: istiod.ca.certificatePem }
        : { kind: "file", path: rootsPath },
      alternativeHostname: "istiod.test",
      headers: { "x-team": "blue" },
    },
    authToken,
    clusterId: "c1",
    secretTtlMs: 90_000,
    impersonates,
    log: { warn: (message) => warnings.push(message) },
  });
  return {
    ca,
    istiod,
    warnings,
    async [Symbol.asyncDispose]() {
      ca[Symbol.dispose]();
      await istiod[Symbol.asyncDispose]();
    },
  };
}

/** Its failure is looked at later, or the test failed before. */
function issue(ca: IstioCa, signal = new AbortController().signal) {
  const issuing = ca.issue(CART, signal);
  issuing.catch(() => {});
  return issuing;
}

async function asked(
  istiod: FakeIstiod,
): Promise<{ call: FakeCall; request: IstioCertificateRequest }> {
  const call = await istiod.next();
  const request = await call.receive(IstioCertificateRequestSchema);
  return { call, request: request! };
}

function reply(call: FakeCall, certChain: string[]): void {
  call.send(IstioCertificateResponseSchema, { certChain });
  call.end(0);
}

/** Signs the request's key, in any name. */
async function sign(
  { certificatePem, keyPem }: TestCa,
  csr: string,
  spiffeId = CART_ID,
): Promise<string> {
  const signingKey = await crypto.subtle.importKey(
    "pkcs8",
    PemConverter.decodeFirst(keyPem),
    ALGORITHM,
    false,
    ["sign"],
  );
  const leaf = await X509CertificateGenerator.create({
    publicKey: new Pkcs10CertificateRequest(csr).publicKey,
    signingKey,
    signingAlgorithm: ALGORITHM,
    issuer: new X509Certificate(certificatePem).subjectName,
    notBefore: new Date(1_900_000_000_000),
    notAfter: new Date(1_900_000_000_000 + HOUR_MS),
    extensions: [
      new SubjectAlternativeNameExtension([{ type: "url", value: spiffeId }]),
    ],
  });
  return leaf.toString("pem");
}

Deno.test("IstioCa asks for an identity and makes its certificate of the answer", async () => {
  await using parts = await asking();
  const { ca, istiod } = parts;
  const issuing = issue(ca);
  const { call, request } = await asked(istiod);
  assert.equal(
    call.headers[":path"],
    "/istio.v1.auth.IstioCertificateService/CreateCertificate",
  );
  assert.equal(call.headers["authorization"], "Bearer secret");
  assert.equal(call.headers["clusterid"], "c1");
  assert.equal(call.headers["x-team"], "blue");
  assert.equal(request.validityDuration, 90n);
  assert.deepEqual(request.metadata, { ImpersonatedIdentity: CART_ID });
  const csr = new Pkcs10CertificateRequest(request.csr);
  assert.equal(csr.subject, "");
  assert.equal(await csr.verify(), true);
  const names = Array.from(
    csr.extensions,
    ({ type, critical }) => [type, critical],
  );
  assert.deepEqual(names, [["2.5.29.17", true]]);
  const leaf = await sign(istiod.ca, request.csr);
  const other = await makeTestCa();
  reply(call, [
    leaf,
    other.certificatePem,
    `${istiod.ca.certificatePem}\n${other.certificatePem}`,
  ]);
  const certificate = await issuing;
  assert.equal(certificate.spiffeId, CART_ID);
  assert.equal(certificate.chainPem.match(/BEGIN CERT/g)?.length, 2);
  assert.equal(certificate.rootsPem.match(/BEGIN CERT/g)?.length, 2);
  assert.equal(certificate.notBeforeMs, 1_900_000_000_000);
  assert.equal(certificate.notAfterMs, 1_900_000_000_000 + HOUR_MS);
  assert.match(certificate.keyPem, /^-----BEGIN PRIVATE KEY-----/);
  assert.deepEqual(parts.warnings, []);
});

Deno.test("IstioCa names nobody when it asks for itself", async () => {
  await using parts = await asking({ impersonates: false });
  const issuing = issue(parts.ca);
  const { call, request } = await asked(parts.istiod);
  assert.equal(request.metadata, undefined);
  const { certificatePem } = parts.istiod.ca;
  reply(call, [await sign(parts.istiod.ca, request.csr), certificatePem]);
  assert.equal((await issuing).spiffeId, CART_ID);
});

type Answer = (leaf: string, istiod: FakeIstiod) => string[];
const bad: [what: string, answer: Answer, why: RegExp, name?: string][] = [
  ["no chain", () => [], /^chain returned from CA is empty for: spiffe:/],
  [
    "a leaf alone",
    (leaf) => [leaf],
    /^invalid root certificate: no root certificate present$/,
  ],
  [
    "roots that cannot be read",
    (
      leaf,
    ) => [leaf, "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----"],
    /^invalid root certificate: no root certificate present$/,
  ],
  [
    "no PEM",
    () => ["x", "y"],
    /^invalid certificate chain: no certificate in it$/,
  ],
  [
    "an intermediate that cannot be read",
    (leaf, { ca }) => [
      leaf,
      "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----",
      ca.certificatePem,
    ],
    /^invalid certificate chain: ./,
  ],
  [
    "a chain above the limit",
    (leaf, { ca }) => [leaf, ca.certificatePem.repeat(16), ca.certificatePem],
    /^invalid certificate chain: 17 certificates, at most 16 are read$/,
  ],
  [
    "roots above the limit",
    (leaf, { ca }) => [leaf, ca.certificatePem.repeat(257)],
    /^invalid root certificate: 257 of them, at most 256 are read$/,
  ],
  [
    "another identity",
    (leaf, { ca }) => [leaf, ca.certificatePem],
    /^did not find expected SAN: spiffe:\/\/cluster.local\/ns\/shop\/sa\/cart$/,
    "spiffe://cluster.local/ns/shop/sa/web",
  ],
];
for (const [what, answer, why, name] of bad) {
  Deno.test(`IstioCa refuses ${what}`, async () => {
    await using parts = await asking();
    const issuing = issue(parts.ca);
    const { call, request } = await asked(parts.istiod);
    const leaf = await sign(parts.istiod.ca, request.csr, name);
    reply(call, answer(leaf, parts.istiod));
    await assert.rejects(issuing, (reason) => {
      assert.ok(reason instanceof IssueError);
      assert.match(reason.message, why);
      return true;
    });
  });
}

Deno.test("IstioCa refuses a certificate for another key", async () => {
  await using parts = await asking();
  const issuing = issue(parts.ca);
  const { call } = await asked(parts.istiod);
  const { chainPem } = await parts.istiod.ca.leaf(CART_ID);
  reply(call, [chainPem, parts.istiod.ca.certificatePem]);
  await assert.rejects(issuing, /is for another key$/);
});

Deno.test("IstioCa leaves out a root that cannot be read, and says so", async () => {
  await using parts = await asking();
  const issuing = issue(parts.ca);
  const { call, request } = await asked(parts.istiod);
  const { certificatePem } = parts.istiod.ca;
  const broken = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----";
  reply(call, [
    await sign(parts.istiod.ca, request.csr),
    `${broken}\n${certificatePem}`,
  ]);
  assert.equal((await issuing).rootsPem.match(/BEGIN CERT/g)?.length, 1);
  assert.deepEqual(parts.warnings, ["found 1 invalid root certs"]);
});

Deno.test("IstioCa fails with the authority's own words", async () => {
  await using parts = await asking();
  const issuing = issue(parts.ca);
  const { call } = await asked(parts.istiod);
  call.end(16, "request impersonation authentication failure");
  await assert.rejects(issuing, (reason) => {
    assert.ok(reason instanceof IssueError);
    assert.equal(
      reason.message,
      'status: Unauthenticated, message: "request impersonation authentication failure" (hint: check the control plane logs for more information)',
    );
    return true;
  });
});

const hostile: [
  what: string,
  act: (call: FakeCall, istiod: FakeIstiod) => void,
][] = [
  ["garbage", (call) => {
    call.sendMessage(new Uint8Array(40).fill(255));
    call.end(0);
  }],
  ["an answer above the limit", (call) => {
    call.sendMessage(new Uint8Array(1024 * 1024 + 1));
  }],
  ["a closed connection", (_, istiod) => istiod.dropConnections("destroy")],
  ["a reset", (call) => {
    call.begin();
    call.reset();
  }],
  ["no message", (call) => {
    call.begin();
    call.end(0);
  }],
];
for (const [what, act] of hostile) {
  Deno.test(`IstioCa fails on ${what}, and works the next time`, async () => {
    await using parts = await asking();
    const { ca, istiod } = parts;
    const failing = issue(ca);
    act((await asked(istiod)).call, istiod);
    await assert.rejects(failing, IssueError);
    const issuing = issue(ca);
    const { call, request } = await asked(istiod);
    reply(call, [await sign(istiod.ca, request.csr), istiod.ca.certificatePem]);
    assert.equal((await issuing).spiffeId, CART_ID);
  });
}

Deno.test("IstioCa gives up when it is told to", async () => {
  await using parts = await asking();
  const abort = new AbortController();
  const issuing = issue(parts.ca, abort.signal);
  await asked(parts.istiod);
  abort.abort(new IssueError("no longer needed"));
  await assert.rejects(issuing, IssueError);
});

Deno.test("IstioCa reads token and roots for each certificate, and keeps good roots", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const [token, rootsPath] = [`${dir}/token`, `${dir}/roots`];
    await Deno.writeTextFile(token, "one");
    await Deno.writeTextFile(rootsPath, (await makeTestCa()).certificatePem);
    await using parts = await asking({
      authToken: { kind: "file", path: token },
      rootsPath,
    });
    const { ca, istiod, warnings } = parts;
    await assert.rejects(issue(ca), /certificate/i);
    const works = async (bearer: string) => {
      const issuing = issue(ca);
      const { call, request } = await asked(istiod);
      assert.equal(call.headers["authorization"], `Bearer ${bearer}`);
      const { certificatePem } = istiod.ca;
      reply(call, [await sign(istiod.ca, request.csr), certificatePem]);
      await issuing;
    };
    await Deno.writeTextFile(rootsPath, istiod.ca.certificatePem);
    await works("one");
    await Deno.writeTextFile(token, "two");
    await works("two");
    await Deno.writeTextFile(rootsPath, "half a fi");
    await works("two");
    assert.match(warnings.join(), /keeping the old ones/);
    await Deno.remove(rootsPath);
    await works("two");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
