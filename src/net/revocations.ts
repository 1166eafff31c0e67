/** Which peers' certificates have been revoked, and whose tunnels that ends. */
import { type KeyObject, verify, X509Certificate } from "node:crypto";
import type { DetailedPeerCertificate, TLSSocket } from "node:tls";
import type { Crl } from "../wire/crl/mod.ts";
import { type Issued, issuedBy } from "../wire/x509/issued_by.ts";
import { CHAIN_LENGTH_MAX } from "./crl_limits.ts";

/** A certificate of a chain: what lists know it by, and its DER. */
interface ChainCertificate extends Issued {
  readonly der: Uint8Array;
}

/** A peer's certificates, its own first, up to the root that it was verified by. */
export type PeerChain = readonly ChainCertificate[];

/** The chain of a connection that TLS has verified. */
export function peerChain(socket: TLSSocket): PeerChain {
  const chain: ChainCertificate[] = [];
  let next: DetailedPeerCertificate | undefined = socket.getPeerCertificate(
    true,
  );
  while (next?.raw !== undefined && chain.length < CHAIN_LENGTH_MAX) {
    const issued = issuedBy(next.raw);
    if (issued === undefined) break;
    chain.push({ ...issued, der: next.raw });
    const { issuerCertificate }: DetailedPeerCertificate = next;
    next = issuerCertificate === next ? undefined : issuerCertificate;
  }
  return chain;
}

interface Watched {
  readonly chain: PeerChain;
  readonly onRevoked: () => void;
}

/** The lists in force, and the connections that are checked again when they change. */
export class Revocations {
  #byIssuer = new Map<string, readonly Crl[]>();
  /** Whether a list was signed by an issuer, by the issuer's DER; lists go with their answers. */
  #signed = new WeakMap<Crl, Map<string, boolean>>();
  readonly #watched = new Set<Watched>();

  /** Puts other lists into force; connections that they end are told. */
  replace(crls: readonly Crl[]): void {
    this.#byIssuer = Map.groupBy(crls, ({ issuer }) => issuer);
    for (const watched of [...this.#watched]) {
      if (this.isRevoked(watched.chain)) watched.onRevoked();
    }
  }

  /**
   * Whether a certificate of the chain is on a list that its own issuer has
   * signed. One that no list is about is good.
   */
  isRevoked(chain: PeerChain): boolean {
    if (this.#byIssuer.size === 0) return false;
    return chain.some((certificate, i) =>
      this.#isListed(certificate, chain[i + 1])
    );
  }

  /** Calls `onRevoked`, perhaps more than once, until told to stop. */
  watch(chain: PeerChain, onRevoked: () => void): () => void {
    const watched = { chain, onRevoked };
    this.#watched.add(watched);
    return () => void this.#watched.delete(watched);
  }

  #isListed(
    { issuer, serial }: ChainCertificate,
    issuerCertificate: ChainCertificate | undefined,
  ): boolean {
    if (issuerCertificate === undefined) return false; // the root
    const crls = this.#byIssuer.get(issuer) ?? [];
    return crls.some((crl) =>
      crl.serials.has(serial) && this.#isSignedBy(crl, issuerCertificate)
    );
  }

  #isSignedBy(crl: Crl, { der }: ChainCertificate): boolean {
    const answers = this.#signed.get(crl) ?? new Map<string, boolean>();
    this.#signed.set(crl, answers);
    const key = der.join();
    const known = answers.get(key);
    if (known !== undefined) return known;
    const answer = verifyCrl(crl, new X509Certificate(der).publicKey);
    answers.set(key, answer);
    return answer;
  }
}

function verifyCrl(
  { algorithm, tbs, signature }: Crl,
  key: KeyObject,
): boolean {
  try {
    const digest = algorithm === "ed25519" ? null : algorithm;
    return verify(digest, tbs, key, signature);
  } catch {
    return false; // another kind of key
  }
}
