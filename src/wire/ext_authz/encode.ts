import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { HeaderList } from "../../model/http.ts";
import {
  type AddressSchema,
  type AttributeContext_HttpRequestSchema,
  type AttributeContext_PeerSchema,
  CheckRequestSchema,
  type TimestampSchema,
} from "./gen/check_pb.ts";
import type {
  CheckedPeer,
  CheckedRequest,
  CheckQuestion,
} from "../../model/external_check.ts";

/** A question as a CheckRequest. */
export function encodeQuestion(question: CheckQuestion): Uint8Array {
  const { source, destination, timeMs, http } = question;
  const message = create(CheckRequestSchema, {
    attributes: {
      source: peerOf(source),
      destination: peerOf(destination),
      request: {
        time: timestampOf(timeMs),
        ...http === undefined ? {} : { http: httpOf(http) },
      },
    },
  });
  return toBinary(CheckRequestSchema, message);
}

const peerOf = (
  { address, principal }: CheckedPeer,
): MessageInitShape<typeof AttributeContext_PeerSchema> => ({
  address: addressOf(address),
  principal: principal ?? "",
});

const addressOf = (
  { ip, port }: CheckedPeer["address"],
): MessageInitShape<typeof AddressSchema> => ({
  address: {
    case: "socketAddress",
    value: {
      address: ip,
      portSpecifier: { case: "portValue", value: port },
    },
  },
});

const timestampOf = (
  timeMs: number,
): MessageInitShape<typeof TimestampSchema> => {
  const seconds = Math.floor(timeMs / 1_000);
  const nanos = Math.floor((timeMs - seconds * 1_000) * 1_000_000);
  return { seconds: BigInt(seconds), nanos };
};

const UNKNOWN_SIZE = -1;

function httpOf(
  { headers, size, body, ...parts }: CheckedRequest,
): MessageInitShape<typeof AttributeContext_HttpRequestSchema> {
  return {
    method: parts.method,
    path: textOf(parts.path),
    host: textOf(parts.host),
    scheme: parts.scheme,
    protocol: parts.protocol,
    headers: headerMap(headers),
    size: BigInt(size ?? UNKNOWN_SIZE),
    ...body === undefined
      ? {}
      : typeof body === "string"
      ? { body }
      : { rawBody: body },
  };
}

function headerMap(headers: HeaderList): Record<string, string> {
  const values = new Map<string, string>();
  for (const [name, value] of headers) {
    const before = values.get(name);
    values.set(name, before === undefined ? value : `${before},${value}`);
  }
  return Object.fromEntries(
    values.entries().map(([name, value]) => [name, textOf(value)]),
  );
}

/** A field value, which has a code unit for each octet, as the text that its octets are. */
const textOf = (value: string): string =>
  ASCII.test(value) ? value : new TextDecoder().decode(
    Uint8Array.from(value, (unit) => unit.charCodeAt(0)),
  );

const ASCII = /^\p{ASCII}*$/u;
