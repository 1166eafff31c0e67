/** What is shown to a server, and what it is believed by; read again each time. */
import { X509Certificate } from "node:crypto";
import { rootCertificates } from "node:tls";
import { messageOf } from "../../base/errors.ts";
import type { AuthToken, Roots } from "../../config/mod.ts";
import { ControlPlaneError } from "./errors.ts";
import { ROOTS_OCTETS_MAX, TOKEN_OCTETS_MAX } from "./limits.ts";

/** Where Debian and its kin, Red Hat's kin, Alpine and SUSE keep their roots. */
const SYSTEM_ROOTS = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/cert.pem",
  "/etc/ssl/ca-bundle.pem",
] as const;

/**
 * The roots as PEM; the operating system's where it has some, else the runtime's.
 *
 * @throws {ControlPlaneError} when the file cannot be read or has no certificate.
 */
export async function readRoots(roots: Roots): Promise<string> {
  switch (roots.kind) {
    case "inline":
      return roots.pem;
    case "file":
      return await readRootFile(roots.path);
    case "system":
      return await readSystemRoots();
    default:
      throw new Error(`unhandled: ${roots satisfies never}`);
  }
}

async function readRootFile(path: string): Promise<string> {
  const pem = await readLimited(path, ROOTS_OCTETS_MAX);
  if (holdsCertificate(pem)) return pem;
  throw new ControlPlaneError(`Cannot use "${path}": no certificate in it`);
}

/** One that can be read; the text may be caught half written. */
function holdsCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}

async function readSystemRoots(): Promise<string> {
  for (const path of SYSTEM_ROOTS) {
    try {
      return await readRootFile(path);
    } catch {
      // Another family of systems.
    }
  }
  return rootCertificates.join("\n");
}

/** Printable ASCII: what a header's value can carry. */
const TOKEN = /^[\x21-\x7e]+$/;

/**
 * The bearer token.
 *
 * @throws {ControlPlaneError} when its file cannot be read, or it is empty or
 * not fit for a header. The token itself is in no message.
 */
export async function readToken(source: AuthToken): Promise<string> {
  const [token, name] = source.kind === "static"
    ? [source.token, "AUTH_TOKEN"]
    : [await readLimited(source.path, TOKEN_OCTETS_MAX), source.path];
  const trimmed = token.trim();
  if (trimmed === "") {
    throw new ControlPlaneError(`Cannot use token "${name}": it is empty`);
  }
  if (TOKEN.test(trimmed)) return trimmed;
  throw new ControlPlaneError(
    `Cannot use token "${name}": not a line of printable ASCII`,
  );
}

/** @throws {ControlPlaneError} */
async function readLimited(path: string, max: number): Promise<string> {
  try {
    const { size } = await Deno.stat(path);
    if (size > max) throw new Error(`${size} octets, at most ${max} are read`);
    return await Deno.readTextFile(path);
  } catch (reason) {
    throw new ControlPlaneError(`Cannot use "${path}": ${whyOf(reason)}`);
  }
}

const whyOf = (reason: unknown): string =>
  reason instanceof Deno.errors.NotFound
    ? "no such file"
    : reason instanceof Deno.errors.PermissionDenied
    ? "permission denied"
    : messageOf(reason);
