import type { Config } from "../config/mod.ts";
import type { CertificateIssuer } from "../control/certificates/mod.ts";
import { systemClock } from "../control/system_clock.ts";
import type { Logger } from "../telemetry/log.ts";

/** Whoever signs for the workloads; what it holds open ends with it. */
export type Authority = CertificateIssuer & Partial<Disposable>;

/**
 * Opens the certificate authority that the configuration names. Only that one's
 * modules are loaded: X.509 and gRPC take many MiB.
 *
 * @throws {ConfigError} when its folder cannot be used.
 */
export async function openAuthority(
  { ca, secretTtlMs, authToken, clusterId, mode, proxyMode }: Config,
  log: Logger,
): Promise<Authority> {
  const local = { secretTtlMs, clock: systemClock };
  switch (ca.kind) {
    case "embedded": {
      const { EmbeddedCa } = await import("../control/ca/mod.ts");
      return await EmbeddedCa.open({ ...local, dir: ca.dir });
    }
    case "fake": {
      const { EmbeddedCa } = await import("../control/ca/mod.ts");
      log.warn("certificates are of a test authority that no peer believes");
      return await EmbeddedCa.inMemory(local);
    }
    case "remote": {
      const { IstioCa } = await import("../control/istio_ca/mod.ts");
      return new IstioCa({
        server: ca.server,
        authToken,
        clusterId,
        secretTtlMs,
        // Who serves its own pod has a token of its account, and asks for that one.
        impersonates: mode === "node" && proxyMode === "shared",
        log,
      });
    }
    default:
      throw new Error(`unhandled: ${ca satisfies never}`);
  }
}
