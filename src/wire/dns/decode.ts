import { decode } from "@dnsquery/dns-packet";
import { type Ip, parseIp } from "../../model/address.ts";
import { LABEL_MAX, MESSAGE_MAX, NAME_MAX, UDP_PAYLOAD_MIN } from "./limits.ts";
import {
  type DnsQuery,
  type Edns,
  FLAG,
  HEADER_SIZE,
  opcodeOf,
  Rcode,
  wordAt,
} from "./message.ts";

/** A query; or why it gets none of our time, with the code to answer if any. */
export type Received =
  | { readonly kind: "query"; readonly query: DnsQuery }
  | { readonly kind: "refuse"; readonly rcode: number }
  | { readonly kind: "ignore" };

const IGNORE = { kind: "ignore" } as const;

/**
 * Reads what came to a DNS server; never throws. A response is ignored, since
 * two servers that answer each other's answers would never end.
 */
export function readQuery(octets: Uint8Array): Received {
  if (octets.length < HEADER_SIZE || octets.length > MESSAGE_MAX) return IGNORE;
  const flags = wordAt(octets, 2);
  if ((flags & FLAG.response) !== 0) return IGNORE;
  if (opcodeOf(flags) !== 0) return { kind: "refuse", rcode: Rcode.NOTIMP };
  const question = readQuestion(octets);
  const records = question && readRecords(octets);
  if (question === undefined || records === undefined) {
    return { kind: "refuse", rcode: Rcode.FORMERR };
  }
  const { edns } = records;
  const id = wordAt(octets, 0);
  return { kind: "query", query: { id, flags, octets, ...question, edns } };
}

type Question = Pick<DnsQuery, "name" | "type" | "class" | "questionEnd">;

/** The one question of a message; undefined when it has not exactly one that reads. */
function readQuestion(octets: Uint8Array): Question | undefined {
  if (wordAt(octets, 4) !== 1) return undefined;
  const labels: string[] = [];
  let at = HEADER_SIZE;
  for (let length = octets[at++]; length !== 0; length = octets[at++]) {
    // A pointer has its upper bits set: there is nothing before to point to.
    if (length === undefined || length > LABEL_MAX) return undefined;
    labels.push(latin1(octets.subarray(at, at + length)));
    at += length;
    if (at - HEADER_SIZE >= NAME_MAX) return undefined;
  }
  if (at + 4 > octets.length) return undefined;
  return {
    name: labels.join(".").toLowerCase(),
    type: wordAt(octets, at),
    class: wordAt(octets, at + 2),
    questionEnd: at + 4,
  };
}

/** As Latin-1: no two names become one. */
const latin1 = (octets: Uint8Array): string => String.fromCharCode(...octets);

/** The records behind the question; undefined when they do not read. */
function readRecords(
  octets: Uint8Array,
): { readonly edns: Edns | undefined } | undefined {
  if (wordAt(octets, 6) + wordAt(octets, 8) + wordAt(octets, 10) === 0) {
    return { edns: undefined };
  }
  try {
    for (const record of decode(octets).additionals ?? []) {
      if (record.type === "OPT") {
        return { edns: ednsOf(record as unknown as OptRecord) };
      }
    }
    return { edns: undefined };
  } catch {
    return undefined;
  }
}

/** What the library reads of an OPT record, and its types do not name. */
interface OptRecord {
  readonly udpPayloadSize: number;
  readonly ednsVersion: number;
  readonly flag_do: boolean;
}

const ednsOf = (record: OptRecord): Edns => ({
  version: record.ednsVersion,
  payloadMax: Math.max(record.udpPayloadSize, UDP_PAYLOAD_MIN),
  dnssecOk: record.flag_do,
});

/** What a response says, before anything in it is looked at. */
export interface ReplyHead {
  readonly rcode: number;
  readonly truncated: boolean;
}

/**
 * Reads the head of a response to `query`, which was sent under another id.
 *
 * @returns undefined when it answers something else, so is nobody's or forged.
 */
export function readReplyHead(
  octets: Uint8Array,
  { octets: asked, questionEnd }: DnsQuery,
  id: number,
): ReplyHead | undefined {
  if (octets.length < questionEnd || wordAt(octets, 0) !== id) return undefined;
  const flags = wordAt(octets, 2);
  if ((flags & FLAG.response) === 0 || opcodeOf(flags) !== 0) return undefined;
  if (wordAt(octets, 4) !== 1) return undefined;
  for (let at = HEADER_SIZE; at < questionEnd; at++) {
    if (lower(octets[at]!) !== lower(asked[at]!)) return undefined;
  }
  const truncated = (flags & FLAG.truncated) !== 0;
  return { rcode: flags & 0xf, truncated };
}

/** Letters in lower case; a length is never one, being below 64. */
const lower = (octet: number): number =>
  octet >= 0x41 && octet <= 0x5a ? octet | 0x20 : octet;

/** The addresses of one family in a response, in its order; none when it does not read. */
export function readAddresses(octets: Uint8Array, family: 4 | 6): Ip[] {
  const wanted = family === 4 ? "A" : "AAAA";
  try {
    return (decode(octets).answers ?? []).flatMap((answer) => {
      if (answer.type !== wanted || typeof answer.data !== "string") return [];
      const ip = parseIp(answer.data);
      return ip === undefined ? [] : [ip];
    });
  } catch {
    return [];
  }
}
