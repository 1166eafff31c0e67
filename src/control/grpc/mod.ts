export { readRoots, readToken } from "./credentials.ts";
export { describeFailure } from "./describe.ts";
export { ControlPlaneError } from "./errors.ts";
export { GrpcSession, type GrpcSessionOptions } from "./session.ts";
export { grpcTransport, type TransportOptions } from "./transport.ts";
