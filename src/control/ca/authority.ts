import "reflect-metadata";
import {
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  X509Certificate,
} from "@peculiar/x509";
import {
  createPrivateKey,
  type KeyObject,
  X509Certificate as NodeCertificate,
} from "node:crypto";
import { ConfigError, messageOf } from "../../base/errors.ts";

/** What signs the mesh's certificates. */
export interface Authority {
  readonly certificate: X509Certificate;
  readonly key: CryptoKey;
  /** How `key` signs. */
  readonly algorithm: SigningAlgorithm;
  /** Every root of the folder: more than one while roots are rotated. */
  readonly rootsPem: string;
  readonly notAfterMs: number;
}

export type SigningAlgorithm =
  | {
    readonly name: "ECDSA";
    readonly namedCurve: string;
    readonly hash: string;
  }
  | { readonly name: "RSASSA-PKCS1-v1_5"; readonly hash: string };

/** The texts of an authority's two files, with the paths to name in errors. */
export interface AuthorityFiles {
  readonly certificatePath: string;
  readonly certificatePem: string;
  readonly keyPath: string;
  readonly keyPem: string;
}

/**
 * Reads an authority and checks that it can sign: the key fits one of the
 * certificates, which is a CA, allowed to sign, and valid at `nowMs`.
 *
 * @throws {ConfigError} naming the file and what is wrong with it.
 */
export async function readAuthority(
  files: AuthorityFiles,
  nowMs: number,
): Promise<Authority> {
  const key = readKey(files);
  const roots = readCertificates(files);
  const signer = roots.find((root) => root.checkPrivateKey(key));
  if (signer === undefined) {
    throw refused(
      files.keyPath,
      `fits no certificate of "${files.certificatePath}"`,
    );
  }
  const certificate = new X509Certificate(signer.toString());
  checkSigner(signer, certificate, files.certificatePath, nowMs);
  const algorithm = algorithmOf(key, files.keyPath);
  return {
    certificate,
    algorithm,
    key: await importKey(key, algorithm),
    rootsPem: roots.map((root) => withNewline(root.toString())).join(""),
    notAfterMs: certificate.notAfter.getTime(),
  };
}

function readKey(files: AuthorityFiles): KeyObject {
  try {
    return createPrivateKey(files.keyPem);
  } catch (reason) {
    throw refused(files.keyPath, `no private key: ${messageOf(reason)}`);
  }
}

function readCertificates(files: AuthorityFiles): NodeCertificate[] {
  const path = files.certificatePath;
  const blocks = files.certificatePem.match(CERTIFICATE_BLOCK) ?? [];
  if (blocks.length === 0) throw refused(path, "no certificate in it");
  return blocks.map((pem) => {
    try {
      return new NodeCertificate(pem);
    } catch (reason) {
      throw refused(path, `no certificate: ${messageOf(reason)}`);
    }
  });
}

const CERTIFICATE_BLOCK =
  /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

function checkSigner(
  signer: NodeCertificate,
  certificate: X509Certificate,
  path: string,
  nowMs: number,
): void {
  if (!signer.ca) throw refused(path, "not the certificate of a CA");
  const usages = certificate.getExtension(KeyUsagesExtension)?.usages;
  if (usages !== undefined && (usages & KeyUsageFlags.keyCertSign) === 0) {
    throw refused(path, "its key usage does not allow to sign certificates");
  }
  if (certificate.notAfter.getTime() <= nowMs) {
    throw refused(path, `expired ${certificate.notAfter.toISOString()}`);
  }
  if (certificate.notBefore.getTime() > nowMs) {
    throw refused(
      path,
      `not valid before ${certificate.notBefore.toISOString()}`,
    );
  }
}

function algorithmOf(key: KeyObject, path: string): SigningAlgorithm {
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (key.asymmetricKeyType === "ec" && curve === "prime256v1") {
    return { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  }
  if (key.asymmetricKeyType === "ec" && curve === "secp384r1") {
    return { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" };
  }
  if (key.asymmetricKeyType === "rsa") {
    return { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  }
  const found = `${key.asymmetricKeyType} ${curve ?? ""}`.trim();
  throw refused(path, `key is ${found}, not EC P-256, EC P-384 or RSA`);
}

function importKey(
  key: KeyObject,
  algorithm: SigningAlgorithm,
): Promise<CryptoKey> {
  const pem = String(key.export({ type: "pkcs8", format: "pem" }));
  const der = PemConverter.decodeFirst(pem);
  return crypto.subtle.importKey("pkcs8", der, algorithm, false, ["sign"]);
}

const withNewline = (pem: string) => pem.endsWith("\n") ? pem : `${pem}\n`;

const refused = (path: string, found: string) =>
  new ConfigError(`Cannot use "${path}" as --ca-dir's: ${found}`);
