import type { Clock } from "../../base/clock.ts";
import type { WorkloadCertificate } from "../../model/certificate.ts";
import {
  formatIdentity,
  type Identity,
  parseIdentity,
  sameIdentity,
} from "../../model/identity.ts";
import { type CertificateIssuer, IssueError } from "../certificates/mod.ts";
import { type Authority, readAuthority } from "./authority.ts";
import { openCaDir } from "./ca_dir.ts";
import { makeLeaf } from "./make_leaf.ts";
import { makeRoot } from "./make_root.ts";

export interface EmbeddedCaOptions {
  /** `--ca-dir`. */
  readonly dir: string;
  /** Life of the leaves; `SECRET_TTL`, in ztunnel 24 hours. */
  readonly secretTtlMs: number;
  readonly clock: Clock;
}

/** A certificate authority of hairpin's own, kept in a folder. */
export class EmbeddedCa implements CertificateIssuer {
  readonly #authority: Authority;
  readonly #options: EmbeddedCaOptions;

  /**
   * Opens the authority of `options.dir`, which is made when it is empty.
   *
   * @throws {ConfigError} when the folder or its files cannot be used.
   */
  static async open(options: EmbeddedCaOptions): Promise<EmbeddedCa> {
    const nowMs = options.clock.nowMs();
    const files = await openCaDir(options.dir, () => makeRoot(nowMs));
    return new EmbeddedCa(await readAuthority(files, nowMs), options);
  }

  /** An authority that nobody else believes and that ends with the process: for tests. */
  static async inMemory(
    options: Omit<EmbeddedCaOptions, "dir">,
  ): Promise<EmbeddedCa> {
    const nowMs = options.clock.nowMs();
    const paths = { certificatePath: "root", keyPath: "key" };
    const authority = await readAuthority(
      { ...paths, ...await makeRoot(nowMs) },
      nowMs,
    );
    return new EmbeddedCa(authority, { ...options, dir: "(in memory)" });
  }

  private constructor(authority: Authority, options: EmbeddedCaOptions) {
    this.#authority = authority;
    this.#options = options;
  }

  /** The trust roots of everything issued here, PEM. */
  get rootsPem(): string {
    return this.#authority.rootsPem;
  }

  async issue(
    identity: Identity,
    signal: AbortSignal,
  ): Promise<WorkloadCertificate> {
    signal.throwIfAborted();
    const spiffeId = checkedSpiffeId(identity);
    const nowMs = this.#options.clock.nowMs();
    if (nowMs >= this.#authority.notAfterMs) {
      throw new IssueError(
        `Cannot issue for "${spiffeId}": the root of --ca-dir "${this.#options.dir}" expired ${
          new Date(this.#authority.notAfterMs).toISOString()
        }`,
      );
    }
    const ttlMs = this.#options.secretTtlMs;
    return await makeLeaf(this.#authority, { spiffeId, ttlMs, nowMs });
  }
}

/** What a SPIFFE ID may consist of (SPIFFE ID, section 2). */
const SPIFFE_CHARACTERS = /^spiffe:\/\/[a-z0-9._-]+(\/[A-Za-z0-9._-]+)+$/;

/** Guards against parts that would read back as another identity. */
function checkedSpiffeId(identity: Identity): string {
  const spiffeId = formatIdentity(identity);
  const back = parseIdentity(spiffeId);
  const same = back !== undefined && sameIdentity(identity, back);
  if (same && SPIFFE_CHARACTERS.test(spiffeId)) return spiffeId;
  throw new IssueError(
    `Cannot issue for ${JSON.stringify(spiffeId)}: not a SPIFFE ID`,
  );
}
