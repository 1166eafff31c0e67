import {
  type BodyFault,
  bodyToCheck,
  type CheckBody,
} from "../../decide/ext_authz/ext_authz.ts";
import { headerValue, withoutHeaders } from "../../decide/http/header_list.ts";
import type { CheckedBody } from "../../model/external_authorizer.ts";
import type { HeaderList, HttpRequest } from "../../model/http.ts";
import { HeldStream } from "../../net/held_stream.ts";
import type { MessageStream } from "../../net/message_stream.ts";
import { CHECKED_BODY_MS } from "./limits.ts";

/** What an authorizer may see of a body. */
export type BodyRead =
  | {
    readonly how: "read";
    /** undefined when there is nothing to be read ahead. */
    readonly body: CheckBody | undefined;
  }
  | { readonly how: "gone" }
  | { readonly how: "refused"; readonly fault: BodyFault };

/** A request's body, which may be looked at before the request goes on. */
export class ClientBody {
  readonly #client: MessageStream;
  readonly #readable: boolean;
  #awaitsContinue: boolean;
  #held: HeldStream | undefined;
  #continued = false;

  /** @param exists Whether anything follows the request's head. */
  constructor(
    client: MessageStream,
    request: HttpRequest,
    readonly exists: boolean,
  ) {
    this.#client = client;
    // What follows an upgrade or a CONNECT is another protocol's, and may wait
    // for an answer.
    this.#readable = exists && request.method !== "CONNECT" &&
      headerValue(request.headers, "upgrade") === undefined;
    this.#awaitsContinue = headerValue(request.headers, "expect") !== undefined;
  }

  /** The client's stream, with all of the body. */
  get stream(): MessageStream {
    return this.#held ?? this.#client;
  }

  /** Reads as much as a check may carry. */
  async readFor(limit: CheckedBody): Promise<BodyRead> {
    if (!this.#readable) return { how: "read", body: undefined };
    this.#held ??= new HeldStream(this.#client);
    this.#sendContinue();
    const read = await this.#held.readAhead(limit.sizeMax + 1, CHECKED_BODY_MS);
    if (read.how === "gone") return read;
    if (read.how === "late") return { how: "refused", fault: "late" };
    const body = bodyToCheck(limit, read.octets, read.isWhole);
    return body === undefined
      ? { how: "refused", fault: "oversized" }
      : { how: "read", body };
  }

  /** Without what has been answered already. */
  headersOnward(headers: HeaderList): HeaderList {
    return this.#continued ? withoutHeaders(headers, EXPECT) : headers;
  }

  /** The client may be waiting for leave to send its body. */
  #sendContinue(): void {
    if (!this.#awaitsContinue) return;
    this.#awaitsContinue = false;
    this.#continued = true;
    this.#client.sendHeaders([[":status", "100"]], false);
  }
}

const EXPECT: ReadonlySet<string> = new Set(["expect"]);
