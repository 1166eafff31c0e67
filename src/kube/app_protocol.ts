/** What a port speaks, by what its service says of it. */
import type { AppProtocol, Service } from "../model/service.ts";
import type { ServicePort } from "./service_info.ts";

/** What is declared about a port. */
export interface DeclaredPort {
  readonly port: number;
  readonly name: string;
  /** Of the transport: `TCP`, `UDP`. */
  readonly transport: string;
  /** Goes before the name. */
  readonly appProtocol?: string | undefined;
}

/**
 * Kubernetes' and Istio's names for protocols. Those without a form of their
 * own here are what a proxy treats them as: a database's is TCP, gRPC-Web is
 * HTTP.
 *
 * @see https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/
 */
const PROTOCOLS: ReadonlyMap<string, AppProtocol> = new Map([
  ["http", "HTTP11"],
  ["http_proxy", "HTTP11"],
  ["http2", "HTTP2"],
  ["grpc", "GRPC"],
  ["https", "TLS"],
  ["tls", "TLS"],
  ["tcp", "TCP"],
  ["mongo", "TCP"],
  ["mysql", "TCP"],
  ["redis", "TCP"],
]);

/** Values that only `appProtocol` has. */
const KUBERNETES_PROTOCOLS: ReadonlyMap<string, AppProtocol> = new Map([
  ["kubernetes.io/h2c", "HTTP2"],
  ["kubernetes.io/ws", "HTTP11"],
  ["kubernetes.io/wss", "TLS"],
]);

/** Ports of protocols in which the server speaks first. Source: Istio. */
const TCP_PORTS: readonly number[] = [25, 53, 3306, 27017];

const GRPC_WEB = "grpc-web";

/** @returns undefined when the first bytes have to tell. */
export function appProtocolOf(declared: DeclaredPort): AppProtocol | undefined {
  const { port, name, transport, appProtocol } = declared;
  if (transport.toUpperCase() !== "TCP") return undefined;
  return KUBERNETES_PROTOCOLS.get(appProtocol ?? "") ??
    protocolNamed(appProtocol ?? name) ??
    (TCP_PORTS.includes(port) ? "TCP" : undefined);
}

/** By the part of a port's name before its first hyphen. */
function protocolNamed(name: string): AppProtocol | undefined {
  const lower = name.toLowerCase();
  if (lower.startsWith(GRPC_WEB)) return "HTTP11";
  return PROTOCOLS.get(lower.split("-", 1)[0]!);
}

/** The model's record of them; none at all where nothing is declared. */
export function appProtocols(
  ports: readonly ServicePort[],
): Pick<Service, "appProtocols"> {
  const declared = ports.flatMap(({ port, protocol }) =>
    protocol === undefined ? [] : [[port, protocol] as const]
  );
  return declared.length === 0
    ? {}
    : { appProtocols: Object.fromEntries(declared) };
}

/** Whether a port carries requests, or may turn out to. */
export const mayBeHttp = (protocol: AppProtocol | undefined): boolean =>
  protocol !== "TCP" && protocol !== "TLS";
