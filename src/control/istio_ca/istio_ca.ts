import { messageOf } from "../../base/errors.ts";
import type { WorkloadCertificate } from "../../model/certificate.ts";
import { formatIdentity, type Identity } from "../../model/identity.ts";
import type { Logger } from "../../telemetry/log.ts";
import { IMPERSONATED_IDENTITY } from "../../wire/istio_ca/mod.ts";
import { type CertificateIssuer, IssueError } from "../certificates/mod.ts";
import { describeFailure, readRoots } from "../grpc/mod.ts";
import { Channel, type ChannelOptions } from "./channel.ts";
import { CALL_DEADLINE_MS } from "./limits.ts";
import { makeSigningRequest } from "./make_request.ts";
import { readChain } from "./read_chain.ts";

export interface IstioCaOptions extends ChannelOptions {
  /** Life asked for; `SECRET_TTL`. */
  readonly secretTtlMs: number;
  /** Whether to ask in the name of the node's workloads, or for ourselves alone. */
  readonly impersonates: boolean;
  readonly log: Pick<Logger, "warn">;
}

/**
 * Istio's certificate authority. Token and roots are read again for each
 * certificate; roots that changed make a new connection.
 */
export class IstioCa implements CertificateIssuer, Disposable {
  readonly #options: IstioCaOptions;
  #channel: Channel | undefined;

  constructor(options: IstioCaOptions) {
    this.#options = options;
  }

  async issue(
    identity: Identity,
    signal: AbortSignal,
  ): Promise<WorkloadCertificate> {
    const spiffeId = formatIdentity(identity);
    const { keyPem, requestPem } = await makeSigningRequest(spiffeId);
    const chain = await this.#certify(spiffeId, requestPem, signal);
    const { certificate, invalidRoots } = readChain({
      spiffeId,
      keyPem,
      chain,
    });
    if (invalidRoots > 0) {
      this.#options.log.warn(`found ${invalidRoots} invalid root certs`, {
        identity: spiffeId,
      });
    }
    return certificate;
  }

  [Symbol.dispose](): void {
    this.#channel?.retire();
    this.#channel = undefined;
  }

  /** @returns The chain as it was sent. @throws {IssueError} */
  async #certify(
    spiffeId: string,
    csr: string,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const { secretTtlMs, impersonates } = this.#options;
    const request = {
      csr,
      validityDuration: BigInt(Math.round(secretTtlMs / 1000)),
      ...impersonates && { metadata: { [IMPERSONATED_IDENTITY]: spiffeId } },
    };
    try {
      const channel = await this.#current();
      const { certChain } = await channel.during(() =>
        channel.client.createCertificate(request, {
          signal,
          timeoutMs: CALL_DEADLINE_MS,
        })
      );
      return certChain;
    } catch (reason) {
      throw new IssueError(describeFailure(reason), { cause: reason });
    }
  }

  /** The connection for the roots as they are now; for the last good ones when they cannot be read. */
  async #current(): Promise<Channel> {
    const { server, log } = this.#options;
    try {
      const roots = await readRoots(server.roots);
      if (this.#channel?.rootsPem !== roots) {
        this.#channel?.retire();
        this.#channel = new Channel(this.#options, roots);
      }
      return this.#channel;
    } catch (reason) {
      if (this.#channel === undefined) throw reason;
      log.warn("cannot read the roots of the CA anew, keeping the old ones", {
        error: messageOf(reason),
      });
      return this.#channel;
    }
  }
}
