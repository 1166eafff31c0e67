/** Whom a waypoint takes a connection to come from. */
import type { SocketAddress } from "../model/address.ts";
import {
  type Identity,
  parseIdentity,
  sameIdentity,
} from "../model/identity.ts";
import type { MeshReader } from "../model/mesh_state.ts";
import { type Service, serviceKey } from "../model/service.ts";
import type { Workload } from "../model/workload.ts";

/** What a service or a pod is called by, at its waypoint. */
export type Asked =
  | { readonly kind: "service"; readonly service: Service }
  | { readonly kind: "workload"; readonly workload: Workload };

/** A tunnel at a waypoint, and what its request says of the original peer. */
export interface Vouching {
  /** The tunnel's peer address. */
  readonly src: SocketAddress;
  /** What the tunnel's peer has proved. */
  readonly identity: Identity;
  readonly network: string;
  readonly asked: Asked;
  /** `for=` of the `forwarded` header. */
  readonly forwardedFor: SocketAddress | undefined;
  /** `x-hairpin-source`, as it came. */
  readonly hairpinSource: string | undefined;
}

/** Who a connection comes from, as policy is to see it. */
export interface Caller {
  readonly src: SocketAddress;
  /** undefined: nobody has proved anything. */
  readonly identity: Identity | undefined;
  /** Whether the peer vouches for another, which is how a connection is turned round. */
  readonly hairpinned: boolean;
  /** What the peer said without being entitled to; for the log. */
  readonly disbelieved?: "x-hairpin-source";
}

/**
 * A pod that is itself a destination of what is asked for may vouch for whoever
 * reached it: it could have answered them itself. Nobody else may vouch for
 * anyone. The pod is known by address and proved identity together.
 */
export function callerOf(state: MeshReader, vouching: Vouching): Caller {
  const { src, identity, forwardedFor, hairpinSource } = vouching;
  const itself: Caller = { src, identity, hairpinned: false };
  if (!isDestination(state, vouching)) {
    return hairpinSource === undefined
      ? itself
      : { ...itself, disbelieved: "x-hairpin-source" };
  }
  if (forwardedFor === undefined || forwardedFor.ip === src.ip) return itself;
  const original = hairpinSource === undefined
    ? undefined
    : parseIdentity(hairpinSource);
  return { src: forwardedFor, identity: original, hairpinned: true };
}

function isDestination(
  state: MeshReader,
  { src, identity, network, asked }: Vouching,
): boolean {
  const peer = state.workloadByIp(network, src.ip);
  if (peer === undefined || !sameIdentity(peer, identity)) return false;
  return asked.kind === "workload"
    ? peer.uid === asked.workload.uid
    : Object.hasOwn(peer.services, serviceKey(asked.service));
}
