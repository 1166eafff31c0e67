import type { SocketAddress } from "../../model/address.ts";
import type { ExplainRequest } from "../../model/explanation.ts";
import type { ExplainContext } from "./context.ts";
import type { Client } from "./parties.ts";
import type { Trail } from "./trail.ts";

/** One way that is looked into. */
export interface Inquiry {
  readonly context: ExplainContext;
  readonly client: Client;
  /** Where the application is going. */
  readonly target: SocketAddress;
  /** The target as it was given: what a request names as its host. */
  readonly authority: string;
  /** The name in it, which a TLS client asks for; undefined for an address. */
  readonly host: string | undefined;
  readonly request: ExplainRequest | undefined;
  readonly trail: Trail;
  /** What chance says, each time that it is asked. */
  readonly random: () => number;
}
