import type { Config } from "../config/mod.ts";
import type { CertificateIssuer } from "../control/certificates/mod.ts";
import { systemClock } from "../control/system_clock.ts";
import type { Logger } from "../telemetry/log.ts";

/** Whoever signs for the workloads; what it holds open ends with it. */
export type Authority = CertificateIssuer & Partial<Disposable>;

/**
 * Whether it has certificates of all pods of a node. Who serves its own pod
 * alone has a token of that pod's account, and asks for no other's.
 */
export const servesOthers = (
  { mode, proxyMode }: Pick<Config, "mode" | "proxyMode">,
): boolean => mode === "node" && proxyMode === "shared";

/**
 * Opens the certificate authority that the configuration names. Only that one's
 * modules are loaded: X.509 and gRPC take many MiB.
 *
 * @throws {ConfigError} when its folder cannot be used.
 */
export async function openAuthority(
  config: Config,
  log: Logger,
): Promise<Authority> {
  const { ca, secretTtlMs, authToken, clusterId } = config;
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
        impersonates: servesOthers(config),
        log,
      });
    }
    default:
      throw new Error(`unhandled: ${ca satisfies never}`);
  }
}
