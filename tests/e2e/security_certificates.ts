/** Certificates that hairpin would never make, by openssl, and openssl's own TLS client and server. */
import { type Lab, type LabPod, type LabProcess, must } from "../lab/mod.ts";
import { type CertificateFiles, HBONE_PORT } from "./security_support.ts";

export interface OddCertificate {
  /** Value of the subjectAltName extension, such as `URI:spiffe://..`. */
  readonly names: string;
  /** Default: client and server. */
  readonly purposes?: string;
  /** Who signs. Default: the lab's own authority. */
  readonly issuer?: { readonly chain: string; readonly key: string };
}

let made = 0;

/** Signs a certificate with just these extensions. */
export async function makeOddCertificate(
  lab: Lab,
  { names, purposes = "clientAuth,serverAuth", issuer }: OddCertificate,
): Promise<CertificateFiles> {
  const stem = `${lab.folder}/odd-${++made}`;
  const roots = `${lab.caFolder}/root-cert.pem`;
  const signer = issuer ?? { chain: roots, key: `${lab.caFolder}/ca-key.pem` };
  const files = { key: `${stem}.key`, chain: `${stem}.chain`, roots };
  const extensions = `subjectAltName=critical,${names}
extendedKeyUsage=${purposes}
keyUsage=critical,digitalSignature
basicConstraints=critical,CA:FALSE
`;
  await Deno.writeTextFile(`${stem}.extensions`, extensions);
  await must([
    ...["openssl", "req", "-new", "-newkey", "ec", "-nodes", "-subj", "/"],
    ...["-pkeyopt", "ec_paramgen_curve:P-256"],
    ...["-keyout", files.key, "-out", `${stem}.request`],
  ]);
  await must([
    ...["openssl", "x509", "-req", "-in", `${stem}.request`, "-days", "1"],
    ...["-CA", signer.chain, "-CAkey", signer.key, "-set_serial", `${made}`],
    ...["-extfile", `${stem}.extensions`, "-out", files.chain],
  ]);
  if (issuer !== undefined) await append(files.chain, issuer.chain);
  return files;
}

async function append(path: string, more: string): Promise<void> {
  const text = await Deno.readTextFile(more);
  await Deno.writeTextFile(path, text, { append: true });
}

/** What became of a TLS connection from outside to a pod's HBONE port. */
export interface TlsOutcome {
  readonly closedByServer: boolean;
  /** How many octets the server sent inside TLS. */
  readonly heard: number;
}

/** Longer than a handshake; a server that takes the client keeps the connection. */
const PATIENCE_SECONDS = 1.5;
const TIMEOUT_CODE = 124;

export interface HandshakeOptions {
  /** How long the server may take to close. Default 1.5. */
  readonly patienceSeconds?: number;
  /** More of s_client's. Default: none. */
  readonly flags?: readonly string[];
}

/** Connects with openssl, and reads what the server says of itself. */
export async function tryHandshake(
  lab: Lab,
  pod: LabPod,
  certificate: CertificateFiles | undefined,
  { patienceSeconds = PATIENCE_SECONDS, flags = [] }: HandshakeOptions = {},
): Promise<TlsOutcome> {
  const own = certificate === undefined
    ? []
    : ["-cert", certificate.chain, "-cert_chain", certificate.chain]
      .concat("-key", certificate.key);
  const { code, stdout } = await lab.exec(lab.outsider, [
    ...["timeout", `${patienceSeconds}`, "openssl", "s_client", "-quiet"],
    ...["-connect", `${pod.ips[0]}:${HBONE_PORT}`, "-alpn", "h2"],
    ...own,
    ...flags,
  ]);
  return { closedByServer: code !== TIMEOUT_CODE, heard: stdout.length };
}

// openssl's server ends when its input does; a pipe open both ways never ends.
const WITH_OPEN_INPUT = 'exec "$@" <>"$0"';

/** Starts openssl's server on a pod's HBONE port; what its clients say inside TLS is its log. */
export async function startImpostor(
  lab: Lab,
  pod: LabPod,
  { key, chain }: CertificateFiles,
): Promise<LabProcess> {
  const pipe = `${chain}.input`;
  await must(["mkfifo", pipe]);
  const impostor = lab.start(pod, `impostor-${++impostors}`, [
    ...["sh", "-c", WITH_OPEN_INPUT, pipe],
    ...["openssl", "s_server", "-accept", `${HBONE_PORT}`, "-alpn", "h2"],
    ...["-cert", chain, "-key", key, "-tls1_3"],
  ]);
  await impostor.untilLog(/ACCEPT/);
  return impostor;
}

let impostors = 0;
