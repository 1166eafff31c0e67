/** How a cluster's API server is reached, and as whom. */
import { ConfigError, messageOf } from "../../base/errors.ts";
import { CREDENTIAL_BYTES_MAX } from "./limits.ts";

/** Text, or a file that is read again whenever it is needed. */
export type TextSource =
  | { readonly kind: "inline"; readonly text: string }
  | { readonly kind: "file"; readonly path: string };

export interface ClusterAccess {
  /** `https://HOST:PORT`, with a path where it has one, without a slash at its end. */
  readonly server: string;
  /** PEM of the roots; undefined: those of the runtime. */
  readonly roots: TextSource | undefined;
  /** Bearer token. */
  readonly token: TextSource | undefined;
  readonly clientCertificate:
    | { readonly certificate: TextSource; readonly key: TextSource }
    | undefined;
}

/** Where Kubernetes puts a pod's own credentials. */
export const SERVICE_ACCOUNT_FOLDER =
  "/var/run/secrets/kubernetes.io/serviceaccount";

/** As the pod that this process runs in. */
export const inClusterAccess = (
  server: string,
  folder: string = SERVICE_ACCOUNT_FOLDER,
): ClusterAccess => ({
  server,
  roots: { kind: "file", path: `${folder}/ca.crt` },
  token: { kind: "file", path: `${folder}/token` },
  clientCertificate: undefined,
});

/** @throws {ConfigError} when the file cannot be read or is too large. */
export async function readSource(source: TextSource): Promise<string> {
  if (source.kind === "inline") return source.text;
  try {
    const { size } = await Deno.stat(source.path);
    if (size <= CREDENTIAL_BYTES_MAX) {
      return await Deno.readTextFile(source.path);
    }
  } catch (reason) {
    throw new ConfigError(
      `Cannot read "${source.path}": ${
        reason instanceof Deno.errors.NotFound
          ? "no such file"
          : messageOf(reason)
      }`,
    );
  }
  throw new ConfigError(
    `Cannot read "${source.path}": over ${CREDENTIAL_BYTES_MAX} octets`,
  );
}
