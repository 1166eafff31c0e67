import type { WorkloadCertificate } from "../model/certificate.ts";
import { TlsServer } from "./tls_server.ts";
import type { TlsVersions } from "./tls_versions.ts";

/** One {@link TlsServer} for each identity, always with its newest certificate. */
export class TlsServers {
  readonly #versions: TlsVersions;
  readonly #servers = new Map<
    string,
    { readonly server: TlsServer; certificate: WorkloadCertificate }
  >();

  constructor(versions: TlsVersions = {}) {
    this.#versions = versions;
  }

  get(certificate: WorkloadCertificate, trustDomain: string): TlsServer {
    const known = this.#servers.get(certificate.spiffeId);
    if (known === undefined) {
      const server = new TlsServer(certificate, trustDomain, this.#versions);
      this.#servers.set(certificate.spiffeId, { server, certificate });
      return server;
    }
    if (known.certificate !== certificate) {
      known.server.rotate(certificate);
      known.certificate = certificate;
    }
    return known.server;
  }

  /** Forgets an identity that is no longer served. */
  delete(spiffeId: string): void {
    this.#servers.delete(spiffeId);
  }
}
