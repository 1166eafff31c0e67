/** Queries and responses as other implementations write them: by the library. */
import {
  decode,
  encode,
  type Packet,
  RECURSION_DESIRED,
} from "@dnsquery/dns-packet";

/** A query for one name. */
export const queryFor = (
  name: string,
  type: "A" | "AAAA" | "TXT" | "MX" = "A",
  more: Partial<Packet> = {},
): Uint8Array =>
  encode({
    type: "query",
    id: 0x1234,
    flags: RECURSION_DESIRED,
    questions: [{ name, type, class: "IN" }],
    ...more,
  });

/** EDNS, version 0. */
export const opt = (udpPayloadSize: number, flags = 0, ednsVersion = 0) =>
  [{
    type: "OPT",
    name: ".",
    udpPayloadSize,
    extendedRcode: 0,
    ednsVersion,
    flags,
    flag_do: flags !== 0,
    options: [],
  }] as unknown as NonNullable<Packet["additionals"]>;

/** A response to a query, under its id. */
export function responseTo(
  query: Uint8Array,
  answers: Packet["answers"],
  more: Partial<Packet> = {},
): Uint8Array {
  const { id, questions } = decode(query);
  return encode({
    type: "response",
    ...id === undefined ? {} : { id },
    ...questions === undefined ? {} : { questions },
    ...answers === undefined ? {} : { answers },
    ...more,
  });
}

/** What was answered, in short: `NAME TYPE DATA` for each record. */
export function recordsOf(message: Uint8Array): string[] {
  return (decode(message).answers ?? []).map((answer) => {
    const data = "data" in answer ? answer.data : "";
    return `${answer.name} ${answer.type} ${data}`;
  });
}
