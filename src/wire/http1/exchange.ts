import { NO_BODY } from "./framing.ts";
import type { ExchangeId } from "./handlers.ts";
import { OutgoingBody } from "./outgoing_body.ts";

/**
 * Where one half of an exchange is: its head is still to come, it carries a
 * body or a tunnel's octets, it has ended.
 */
export type HalfState = "headers" | "body" | "ended";

/** A request and its answer; a connection has one at a time. */
export class Exchange {
  receiving: HalfState = "headers";
  sending: HalfState = "headers";
  /** The octets of both halves are opaque (101, or 2xx to CONNECT). */
  tunnel = false;
  body = new OutgoingBody(NO_BODY);
  /** Protocols that a 101 may switch to. */
  upgrade: readonly string[] = [];
  /** An octet of the peer's message came (client: of the response). */
  answered = false;

  constructor(
    readonly id: ExchangeId,
    /** The request's. */
    readonly method: string,
  ) {}
}
