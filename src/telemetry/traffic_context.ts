import type { SocketAddress } from "../model/address.ts";
import type { PeerInfo } from "./peer_info.ts";
import type { EnvoyFlag } from "./response_flags.ts";

/** Which side of the connection this proxy stands on: a node's of either, or between both. */
export type Reporter = "source" | "destination" | "waypoint";

/** How a connection ended; `-` also while it is open, and when a drain cut it. */
export type ResponseFlag =
  | "-"
  /** Policy refused it, at the start or after a change. */
  | "DENY"
  /** The upstream could not be reached, and every failure without a flag of its own. */
  | "CONNECT"
  | "H2_HANDSHAKE_FAILURE"
  /** The tunnel's TCP connect timed out. */
  | "NETWORK_POLICY"
  /** No certificate of our own. */
  | "IDENTITY_ERROR"
  | "CERT_REVOKED";

/** ztunnel's, or at a waypoint Envoy's. */
export type ConnectionFlag = ResponseFlag | EnvoyFlag;

/** What was done about a connection that went past its waypoint. */
export type WaypointBypass = "hairpin" | "reject" | "observe";

/** Who talks to whom, as labels tell it. */
export interface TrafficEnds {
  readonly source?: PeerInfo | undefined;
  /** SPIFFE ID; from TLS only, or our own where we prove it by TLS. */
  readonly sourcePrincipal?: string | undefined;
  /** At a waypoint, the endpoint that was chosen. */
  readonly destination?: PeerInfo | undefined;
  /** SPIFFE ID; by TLS, or from the workload record. */
  readonly destinationPrincipal?: string | undefined;
  readonly service?: ServiceNames | undefined;
  /** Whether the peers proved their identities to each other. */
  readonly mutualTls: boolean;
}

/** The service that was asked for. */
export interface ServiceNames {
  readonly hostname: string;
  readonly name: string;
  readonly namespace: string;
}

/** All that metrics and access log tell of one connection. */
export interface TrafficContext extends TrafficEnds {
  readonly reporter: Reporter;
  /** The application that connected, as this proxy sees it. */
  readonly src: SocketAddress;
  /** Outbound: next hop. Inbound tunnel: our listener. Plaintext: original destination. */
  readonly dst: SocketAddress;
  /** `:authority` of the CONNECT; tunnels only. */
  readonly hboneAddress?: string;
  /** Set when a waypoint was due and had not been passed. */
  readonly bypass?: WaypointBypass;
}
