/** Certificates, good and bad, and callers that use them past their own proxy. */
import { EmbeddedCa } from "../../src/control/ca/mod.ts";
import { systemClock } from "../../src/control/system_clock.ts";
import type { WorkloadCertificate } from "../../src/model/certificate.ts";
import type { Lab, LabPod, Place } from "../lab/mod.ts";
import type { HboneAnswer, HboneJob, HboneRequest } from "./hbone_job.ts";

export const HBONE_PORT = 15_008;
const HOUR_MS = 3_600_000;

export interface CertificateOptions {
  /** Default `cluster.local`. */
  readonly trustDomain?: string;
  /** Default `default`. */
  readonly namespace?: string;
  readonly serviceAccount: string;
  /** Folder of the authority that signs. Default: the lab's. */
  readonly caFolder?: string;
  /** Default: an hour. */
  readonly ttlMs?: number;
}

/** A certificate as hairpin would have one. */
export async function issue(
  lab: Lab,
  options: CertificateOptions,
): Promise<WorkloadCertificate> {
  const { caFolder: dir = lab.caFolder, ttlMs: secretTtlMs = HOUR_MS } =
    options;
  const ca = await EmbeddedCa.open({ dir, secretTtlMs, clock: systemClock });
  const { trustDomain = "cluster.local", namespace = "default" } = options;
  const { serviceAccount } = options;
  const { signal } = new AbortController();
  return await ca.issue({ trustDomain, namespace, serviceAccount }, signal);
}

/** The folder of an authority that nobody in the mesh trusts. */
export const rogueCaFolder = (lab: Lab): string => `${lab.folder}/rogue-ca`;

/** Where a certificate lies for programs that read files. */
export interface CertificateFiles {
  readonly key: string;
  readonly chain: string;
  readonly roots: string;
}

let files = 0;

export async function writeCertificate(
  lab: Lab,
  { keyPem, chainPem, rootsPem }: Pick<
    WorkloadCertificate,
    "keyPem" | "chainPem" | "rootsPem"
  >,
): Promise<CertificateFiles> {
  const stem = `${lab.folder}/certificate-${++files}`;
  const paths = {
    key: `${stem}.key`,
    chain: `${stem}.chain`,
    roots: `${stem}.roots`,
  };
  await Deno.writeTextFile(paths.key, keyPem);
  await Deno.writeTextFile(paths.chain, chainPem);
  await Deno.writeTextFile(paths.roots, rootsPem);
  return paths;
}

/** Opens a tunnel to a pod's HBONE port from some place and makes requests on it. */
export async function askTunnel(
  lab: Lab,
  from: Place,
  pod: LabPod,
  tls: HboneJob["tls"],
  requests: readonly HboneRequest[],
  { atOnce = false } = {},
): Promise<readonly HboneAnswer[]> {
  const job: HboneJob = {
    to: { ip: pod.ips[0] ?? "", port: HBONE_PORT },
    tls,
    requests,
    atOnce,
  };
  const { stdout, stderr } = await lab.exec(from, program("hbone"), {
    stdin: JSON.stringify(job),
  });
  if (stdout === "") throw new Error(`the HBONE client failed: ${stderr}`);
  return JSON.parse(stdout);
}

/** The command of one of these tests' own programs. */
export function program(name: string, ...args: readonly string[]): string[] {
  const path = new URL(`./programs/${name}.ts`, import.meta.url).pathname;
  return [Deno.execPath(), "run", "--no-config", "-A", path, ...args];
}

/** A CONNECT request, with more headers if wanted. */
export const connectTo = (
  authority: string,
  more: Readonly<Record<string, string>> = {},
): HboneRequest => ({
  headers: { ":method": "CONNECT", ":authority": authority, ...more },
});

/** The same, with an HTTP request inside. */
export const getThrough = (
  authority: string,
  more: Readonly<Record<string, string>> = {},
): HboneRequest => ({
  ...connectTo(authority, more),
  say: "GET / HTTP/1.0\r\n\r\n",
});
