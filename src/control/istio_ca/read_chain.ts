import { createPrivateKey, X509Certificate } from "node:crypto";
import { messageOf } from "../../base/errors.ts";
import type { WorkloadCertificate } from "../../model/certificate.ts";
import { uriSansOf } from "../../wire/x509/uri_sans.ts";
import { IssueError } from "../certificates/mod.ts";
import { CHAIN_MAX, ROOTS_MAX } from "./limits.ts";

export interface AnsweredRequest {
  /** Who was asked for. */
  readonly spiffeId: string;
  /** Of the request, PKCS#8, PEM. */
  readonly keyPem: string;
  /** The answer: leaf, intermediates, and last the roots in one text; PEM. */
  readonly chain: readonly string[];
}

export interface ReadChain {
  readonly certificate: WorkloadCertificate;
  /** Roots that cannot be read and were left out. */
  readonly invalidRoots: number;
}

/**
 * Makes a workload's certificate of what the authority answered.
 *
 * @throws {IssueError} when it is not what was asked for: no leaf or no root in
 * it, for another identity or another key, or not to be read.
 */
export function readChain(answered: AnsweredRequest): ReadChain {
  const { spiffeId, keyPem, chain } = answered;
  const [first, ...rest] = chain;
  if (first === undefined) {
    throw new IssueError(`chain returned from CA is empty for: ${spiffeId}`);
  }
  const [leaf, ...others] = certificatesIn([first, ...rest.slice(0, -1)]);
  checkLeaf(leaf!, answered);
  const { roots, invalid } = rootsIn(rest.at(-1) ?? "");
  return {
    certificate: {
      spiffeId,
      keyPem,
      chainPem: [leaf!, ...others].map(pemOf).join(""),
      rootsPem: roots.map(pemOf).join(""),
      notBeforeMs: Date.parse(leaf!.validFrom),
      notAfterMs: Date.parse(leaf!.validTo),
    },
    invalidRoots: invalid,
  };
}

function checkLeaf(
  leaf: X509Certificate,
  { spiffeId, keyPem }: AnsweredRequest,
): void {
  const names = uriSansOf(new Uint8Array(leaf.raw));
  if (names?.[0] !== spiffeId) {
    throw new IssueError(`did not find expected SAN: ${spiffeId}`);
  }
  if (!leaf.checkPrivateKey(createPrivateKey(keyPem))) {
    throw new IssueError(`the certificate for ${spiffeId} is for another key`);
  }
}

/** @throws {IssueError} when one cannot be read, there is none, or too many. */
function certificatesIn(texts: readonly string[]): X509Certificate[] {
  const blocks = texts.flatMap(blocksOf);
  if (blocks.length === 0) {
    throw new IssueError("invalid certificate chain: no certificate in it");
  }
  if (blocks.length > CHAIN_MAX) {
    throw new IssueError(
      `invalid certificate chain: ${blocks.length} certificates, at most ${CHAIN_MAX} are read`,
    );
  }
  return blocks.map((pem) => {
    try {
      return new X509Certificate(pem);
    } catch (reason) {
      throw new IssueError(`invalid certificate chain: ${messageOf(reason)}`);
    }
  });
}

/** @throws {IssueError} when there is no root that can be read, or too many. */
function rootsIn(text: string): { roots: X509Certificate[]; invalid: number } {
  const blocks = blocksOf(text);
  if (blocks.length > ROOTS_MAX) {
    throw new IssueError(
      `invalid root certificate: ${blocks.length} of them, at most ${ROOTS_MAX} are read`,
    );
  }
  const roots = blocks.flatMap((pem) => {
    try {
      return [new X509Certificate(pem)];
    } catch {
      return [];
    }
  });
  if (roots.length === 0) {
    throw new IssueError(
      "invalid root certificate: no root certificate present",
    );
  }
  return { roots, invalid: blocks.length - roots.length };
}

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

const blocksOf = (text: string): string[] => text.match(BLOCK) ?? [];

const pemOf = (certificate: X509Certificate): string => {
  const pem = certificate.toString();
  return pem.endsWith("\n") ? pem : `${pem}\n`;
};
