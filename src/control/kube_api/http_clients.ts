import { messageOf } from "../../base/errors.ts";
import { type ClusterAccess, readSource } from "./cluster_access.ts";
import { KubeApiError } from "./errors.ts";

/**
 * The runtime's HTTP client for a cluster, made again when the files of its
 * roots or its certificate change. Requests that are under way keep theirs.
 */
export class HttpClients implements Disposable {
  readonly #access: ClusterAccess;
  #texts: readonly (string | undefined)[] = [];
  #client: Deno.HttpClient | undefined;

  constructor(access: ClusterAccess) {
    this.#access = access;
  }

  /**
   * @throws {ConfigError} when a file cannot be read.
   * @throws {KubeApiError} when what it holds cannot be used.
   */
  async current(): Promise<Deno.HttpClient> {
    const { roots, clientCertificate } = this.#access;
    const [ca, cert, key] = await Promise.all(
      [roots, clientCertificate?.certificate, clientCertificate?.key]
        .map((source) => source && readSource(source)),
    );
    const texts = [ca, cert, key];
    const same = this.#texts.every((text, index) => text === texts[index]);
    if (this.#client !== undefined && same) return this.#client;
    const client = create(ca, cert, key);
    this.#client?.close();
    this.#client = client;
    this.#texts = texts;
    return client;
  }

  [Symbol.dispose](): void {
    this.#client?.close();
    this.#client = undefined;
  }
}

function create(
  ca: string | undefined,
  cert: string | undefined,
  key: string | undefined,
): Deno.HttpClient {
  // The runtime takes text without a certificate for no roots at all.
  if (ca !== undefined && !ca.includes("-----BEGIN CERTIFICATE-----")) {
    throw new KubeApiError(
      "Cannot use the roots of the API server: no certificate in PEM",
    );
  }
  try {
    return Deno.createHttpClient({
      // Over HTTP/2 all watches would share one connection, and a dead one is
      // neither noticed nor left: later requests were seen to time out on it.
      http1: true,
      http2: false,
      ...ca !== undefined && { caCerts: [ca] },
      ...cert !== undefined && key !== undefined && { cert, key },
    });
  } catch (cause) {
    throw new KubeApiError(
      `Cannot use the certificates for the API server: ${messageOf(cause)}`,
      { cause },
    );
  }
}
