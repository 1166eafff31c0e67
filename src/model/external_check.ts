/** What external authorizers are asked and what they answer, as plain data. */
import type { SocketAddress } from "./address.ts";
import type { HeaderList } from "./http.ts";

/** An end of a connection. */
export interface CheckedPeer {
  readonly address: SocketAddress;
  /** A SPIFFE ID; undefined when nothing was proved. */
  readonly principal: string | undefined;
}

export interface CheckedRequest {
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly scheme: string;
  /** `HTTP/1.1` or `HTTP/2`. */
  readonly protocol: string;
  readonly headers: HeaderList;
  /** Octets of its body; undefined when that is not known yet. */
  readonly size: number | undefined;
  /** The body or its first part, as octets or as text; undefined when it is not to be checked. */
  readonly body: Uint8Array | string | undefined;
}

/** A question about a request, or about a connection that is not HTTP. */
export interface CheckQuestion {
  readonly source: CheckedPeer;
  readonly destination: CheckedPeer;
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  readonly http: CheckedRequest | undefined;
}

/** What is done where there is a field of that name, and where there is none. */
export type HeaderAction =
  | "append-or-add"
  | "add-if-absent"
  | "replace-or-add"
  | "replace-if-present";

export interface HeaderMutation {
  /** In lower case. */
  readonly name: string;
  readonly value: string;
  readonly action: HeaderAction;
}

export interface QueryParameter {
  readonly name: string;
  readonly value: string;
}

export type CheckVerdict =
  | {
    readonly kind: "ok";
    readonly headers: readonly HeaderMutation[];
    /** Names in lower case. */
    readonly headersToRemove: readonly string[];
    /** Of the response to the client. */
    readonly responseHeaders: readonly HeaderMutation[];
    readonly parametersToSet: readonly QueryParameter[];
    readonly parametersToRemove: readonly string[];
  }
  | {
    readonly kind: "denied";
    /** undefined when the authorizer leaves it open. */
    readonly status: number | undefined;
    readonly headers: readonly HeaderMutation[];
    readonly body: string;
  };
