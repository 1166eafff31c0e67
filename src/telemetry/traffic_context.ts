import type { SocketAddress } from "../model/address.ts";
import type { PeerInfo } from "./peer_info.ts";

/** Which side of the connection this proxy stands on. */
export type Reporter = "source" | "destination";

/** How a connection ended; `-` also while it is open, and when a drain cut it. */
export type ResponseFlag =
  | "-"
  /** Policy refused it, at the start or after a change. */
  | "DENY"
  /** The upstream could not be reached, and every failure without a flag of its own. */
  | "CONNECT"
  | "TLS_FAILURE"
  | "H2_HANDSHAKE_FAILURE"
  /** The tunnel's TCP connect timed out. */
  | "NETWORK_POLICY"
  /** No certificate of our own. */
  | "IDENTITY_ERROR"
  | "CERT_REVOKED";

/** What was done about a connection that went past its waypoint. */
export type WaypointBypass = "hairpin" | "reject" | "observe";

/** All that metrics and access log tell of one connection. */
export interface TrafficContext {
  readonly reporter: Reporter;
  /** The application that connected, as this proxy sees it. */
  readonly src: SocketAddress;
  readonly source?: PeerInfo;
  /** SPIFFE ID; from TLS only, or our own where we prove it by TLS. */
  readonly sourcePrincipal?: string;
  /** Outbound: next hop. Inbound tunnel: our listener. Plaintext: original destination. */
  readonly dst: SocketAddress;
  /** `:authority` of the CONNECT; tunnels only. */
  readonly hboneAddress?: string;
  readonly destination?: PeerInfo;
  /** SPIFFE ID; by TLS, or from the workload record. */
  readonly destinationPrincipal?: string;
  readonly service?: {
    readonly hostname: string;
    readonly name: string;
    readonly namespace: string;
  };
  /** Whether the peers proved their identities to each other. */
  readonly mutualTls: boolean;
  /** Set when a waypoint was due and had not been passed. */
  readonly bypass?: WaypointBypass;
}
