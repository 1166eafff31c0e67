/** What `programs/hbone.ts` is told, and what it tells. */

export interface HboneJob {
  readonly to: { readonly ip: string; readonly port: number };
  readonly tls: {
    readonly keyPem: string;
    readonly chainPem: string;
    /** What the server must lead to. Its name is not looked at. */
    readonly rootsPem: string;
  };
  readonly requests: readonly HboneRequest[];
  /** Default false: one after the other. */
  readonly atOnce?: boolean;
}

export interface HboneRequest {
  /** Pseudo headers included. */
  readonly headers: Readonly<Record<string, string>>;
  /** Sent once the answer is 200; the client's side ends after the server's. Default: nothing. */
  readonly say?: string;
}

export interface HboneAnswer {
  /** Absent when none came. */
  readonly status?: number;
  readonly baggage?: string;
  /** All that came back after the status. */
  readonly heard?: string;
  /** How the stream or the whole tunnel failed. */
  readonly error?: string;
}
