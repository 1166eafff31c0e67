/** A key and the chain that proves an identity with it, as TLS wants them. */
export interface WorkloadCertificate {
  /** SPIFFE ID of the leaf. */
  readonly spiffeId: string;
  /** PKCS#8, PEM. */
  readonly keyPem: string;
  /** Leaf first, then intermediates, PEM. */
  readonly chainPem: string;
  /** Trust roots for verifying peers, one or more, PEM. */
  readonly rootsPem: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** What is known of one identity's certificate. */
export type CertificateState =
  | { readonly at: "initializing" }
  | { readonly at: "available"; readonly certificate: WorkloadCertificate }
  | { readonly at: "unavailable"; readonly why: string };
