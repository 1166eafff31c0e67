/** Answers that a proxy gives itself, in the form that the client can read. */
import type { HeaderList, HttpRequest } from "../../model/http.ts";
import { headerValue } from "./header_list.ts";

/** A whole response; of a gRPC call, one of headers alone. */
export interface LocalReply {
  readonly status: number;
  readonly headers: HeaderList;
  readonly body: string;
}

/** What is to be said, before it takes a form. */
export interface ReplyText {
  readonly status: number;
  readonly body: string;
  /** Beside content type and length. */
  readonly headers?: HeaderList;
}

/**
 * Forms a refusal: plain text, or for a gRPC call a response with status 200
 * whose headers say how it failed.
 */
export function localReply(
  request: Pick<HttpRequest, "headers">,
  { status, body, headers = [] }: ReplyText,
): LocalReply {
  if (isGrpc(request.headers)) {
    return {
      status: 200,
      headers: [
        ["content-type", "application/grpc"],
        ["grpc-status", `${grpcStatus(status)}`],
        ...body === "" ? [] : [["grpc-message", percentEncoded(body)] as const],
        ...headers,
      ],
      body: "",
    };
  }
  const length = new TextEncoder().encode(body).length;
  return {
    status,
    headers: [
      ["content-length", `${length}`],
      ...length === 0 ? [] : [["content-type", "text/plain"] as const],
      ...headers,
    ],
    body,
  };
}

/** Whether the client speaks gRPC: `application/grpc`, with a suffix or not. */
export function isGrpc(headers: HeaderList): boolean {
  const type = headerValue(headers, "content-type") ?? "";
  return /^application\/grpc($|\+)/.test(type);
}

const GRPC_STATUS: ReadonlyMap<number, number> = new Map([
  [400, 13],
  [401, 16],
  [403, 7],
  [404, 12],
  [429, 14],
  [502, 14],
  [503, 14],
  [504, 14],
]);
const GRPC_UNKNOWN = 2;

/** @see gRPC, "HTTP to gRPC Status Code Mapping" */
const grpcStatus = (status: number): number =>
  GRPC_STATUS.get(status) ?? GRPC_UNKNOWN;

/** @see gRPC over HTTP/2, `Percent-Encoded` */
const percentEncoded = (text: string): string =>
  [...new TextEncoder().encode(text)].map((octet) =>
    octet >= 0x20 && octet <= 0x7e && octet !== 0x25
      ? String.fromCharCode(octet)
      : `%${octet.toString(16).toUpperCase().padStart(2, "0")}`
  ).join("");
