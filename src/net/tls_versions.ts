/** Which versions of TLS are spoken. */
export interface TlsVersions {
  /** Whether TLS 1.2 is spoken too, with who has no 1.3. Default false. */
  readonly tls12?: boolean | undefined;
}

/** The lowest version, in the runtime's words. */
export const minVersion = (tls12: boolean | undefined) =>
  tls12 ? "TLSv1.2" as const : "TLSv1.3" as const;
