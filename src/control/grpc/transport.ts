import type { Interceptor, Transport } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import type { AuthToken, ControlPlane } from "../../config/mod.ts";
import { readToken } from "./credentials.ts";
import type { GrpcSession } from "./session.ts";

export interface TransportOptions {
  readonly session: GrpcSession;
  readonly server: ControlPlane;
  readonly authToken: AuthToken | undefined;
  readonly clusterId: string;
  /** Largest message that is received, in octets. */
  readonly readMaxOctets: number;
}

/** gRPC calls over a session; each carries the token as its file has it then. */
export function grpcTransport(options: TransportOptions): Transport {
  const { session, server, readMaxOctets } = options;
  return createGrpcTransport({
    baseUrl: server.address,
    sessionManager: session,
    readMaxBytes: readMaxOctets,
    // A small message must not become a large one past that limit.
    acceptCompression: [],
    interceptors: [credentials(options)],
  });
}

const credentials = (
  { server, authToken, clusterId }: TransportOptions,
): Interceptor =>
(next) =>
async (request) => {
  for (const [name, value] of Object.entries(server.headers)) {
    request.header.set(name, value);
  }
  if (authToken !== undefined) {
    const token = await readToken(authToken);
    request.header.set("authorization", `Bearer ${token}`);
    request.header.set("clusterid", clusterId);
  }
  return await next(request);
};
