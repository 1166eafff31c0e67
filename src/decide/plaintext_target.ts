import type { SocketAddress } from "../model/address.ts";
import type { MeshReader } from "../model/mesh_state.ts";
import type { Service } from "../model/service.ts";
import type { Workload } from "../model/workload.ts";
import { guessService, servicesOf } from "./inbound_service.ts";
import { SELF_CALL, SELF_PORTS } from "./self_ports.ts";

/** A connection that reached a pod without a tunnel. */
export interface PlaintextCall {
  /** The workload of the pod that the listener belongs to, whatever `dst` says. */
  readonly pod: Workload;
  /** Where the client was going. */
  readonly dst: SocketAddress;
  /** Default: without SOCKS5. */
  readonly selfPorts?: ReadonlySet<number>;
}

export type PlaintextTarget =
  | {
    readonly kind: "accept";
    readonly dst: SocketAddress;
    /** A guess by port, for the log and the metrics. */
    readonly service: Service | undefined;
  }
  | {
    readonly kind: "refuse";
    /** ztunnel's text. */
    readonly because: string;
  };

/** Decides where a plaintext connection is delivered: where it was going, unless that is us. */
export function resolvePlaintextInbound(
  state: MeshReader,
  { pod, dst, selfPorts = SELF_PORTS }: PlaintextCall,
): PlaintextTarget {
  if (selfPorts.has(dst.port)) return { kind: "refuse", because: SELF_CALL };
  const candidates = servicesOf(state, pod);
  const service = guessService(candidates, pod, { port: dst.port });
  return { kind: "accept", dst, service };
}
