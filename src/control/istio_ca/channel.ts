import { type Client, createClient } from "@connectrpc/connect";
import type { AuthToken, ControlPlane } from "../../config/mod.ts";
import {
  IstioCertificateService,
  RESPONSE_OCTETS_MAX,
} from "../../wire/istio_ca/mod.ts";
import { GrpcSession, grpcTransport } from "../grpc/mod.ts";

export interface ChannelOptions {
  readonly server: ControlPlane;
  readonly authToken: AuthToken | undefined;
  readonly clusterId: string;
}

/** A connection to the authority that believes certain roots. */
export class Channel {
  readonly client: Client<typeof IstioCertificateService>;
  readonly #session: GrpcSession;
  #calls = 0;
  #retired = false;

  constructor(options: ChannelOptions, readonly rootsPem: string) {
    const session = new GrpcSession({
      server: options.server,
      roots: () => Promise.resolve(rootsPem),
    });
    const transport = grpcTransport({
      ...options,
      session,
      readMaxOctets: RESPONSE_OCTETS_MAX,
    });
    this.#session = session;
    this.client = createClient(IstioCertificateService, transport);
  }

  /** Keeps the connection open while a call is under way. */
  async during<T>(call: () => Promise<T>): Promise<T> {
    this.#calls++;
    try {
      return await call();
    } finally {
      this.#calls--;
      this.#closeIfIdle();
    }
  }

  /** Closes the connection once nothing is under way on it. */
  retire(): void {
    this.#retired = true;
    this.#closeIfIdle();
  }

  #closeIfIdle(): void {
    if (this.#retired && this.#calls === 0) this.#session[Symbol.dispose]();
  }
}
