import { assert } from "../../base/assert.ts";
import { type Ip, ipToBytes, isIpv6 } from "../../model/address.ts";
import {
  LABEL_MAX,
  NAME_MAX,
  TTL_SECONDS,
  UDP_PAYLOAD_MAX,
  UDP_PAYLOAD_MIN,
} from "./limits.ts";
import {
  CLASS_IN,
  type DnsQuery,
  FLAG,
  HEADER_SIZE,
  Rcode,
  RecordType,
  wordAt,
} from "./message.ts";

/** What to answer; the rest is the query's. */
export interface Answer {
  readonly rcode?: number;
  /** Name that the asked one is another name of; the addresses are its. */
  readonly alias?: string | undefined;
  readonly ips?: readonly Ip[];
}

/** Where a name stands that was written before, as a compressed name. RFC 1035, section 4.1.4. */
const pointerTo = (at: number): number[] => [0xc0 | at >> 8, at & 0xff];
const word = (value: number): number[] => [value >> 8 & 0xff, value & 0xff];
const TTL = [0, 0, ...word(TTL_SECONDS)];

/**
 * A message of our own, authoritative when it is no error.
 *
 * @param most Octets that the client takes; addresses that do not fit are left
 * out and the message says so.
 */
export function encodeReply(
  query: DnsQuery,
  { rcode = Rcode.NOERROR, alias, ips = [] }: Answer,
  most: number,
): Uint8Array {
  const opt = optOf(query, rcode);
  const cname = alias === undefined ? [] : cnameOf(alias);
  // The alias stands behind its record's head of 12 octets.
  const owner = pointerTo(
    alias === undefined ? HEADER_SIZE : query.questionEnd + 12,
  );
  const records = ips.map((ip) => addressRecord(owner, ip));
  let room = most - query.questionEnd - cname.length - opt.length;
  const fitting = records.filter(({ length }) => (room -= length) >= 0);
  const all = fitting.length === records.length;
  const flags = replyFlags(query.flags) |
    (rcode === Rcode.NOERROR ? FLAG.authoritative : 0) |
    (all ? 0 : FLAG.truncated) | rcode & 0xf;
  const count = fitting.length + (alias === undefined ? 0 : 1);
  return Uint8Array.from([
    ...word(query.id),
    ...word(flags),
    ...word(1),
    ...word(count),
    ...word(0),
    ...word(opt.length === 0 ? 0 : 1),
    ...query.octets.subarray(HEADER_SIZE, query.questionEnd),
    ...cname,
    ...fitting.flat(),
    ...opt,
  ]);
}

/** An error for a message that could not be read: its header, and nothing else. */
export function encodeRefusal(octets: Uint8Array, rcode: number): Uint8Array {
  const reply = new Uint8Array(HEADER_SIZE);
  reply.set(octets.subarray(0, 4));
  const asked = wordAt(octets, 2);
  const flags = replyFlags(asked) | asked & 0x7800 | rcode & 0xf;
  reply.set(word(flags), 2);
  return reply;
}

const replyFlags = (asked: number): number =>
  FLAG.response | FLAG.recursionAvailable |
  asked & (FLAG.recursionDesired | FLAG.checkingDisabled);

function addressRecord(owner: readonly number[], ip: Ip): number[] {
  const octets = ipToBytes(ip);
  const type = isIpv6(ip) ? RecordType.AAAA : RecordType.A;
  return [
    ...owner,
    ...word(type),
    ...word(CLASS_IN),
    ...TTL,
    ...word(octets.length),
    ...octets,
  ];
}

function cnameOf(alias: string): number[] {
  const name = encodeName(alias);
  return [
    ...pointerTo(HEADER_SIZE),
    ...word(RecordType.CNAME),
    ...word(CLASS_IN),
    ...TTL,
    ...word(name.length),
    ...name,
  ];
}

/** @param name Latin-1, and {@link isName}. */
function encodeName(name: string): number[] {
  assert(isName(name), `DNS name of ${name.length} characters`);
  const octets = name.split(".").flatMap((label) => [
    label.length,
    ...Array.from(label, (letter) => letter.charCodeAt(0)),
  ]);
  return [...octets, 0];
}

/** Whether a text without a last dot can be a name on the wire. */
export const isName = (name: string): boolean =>
  name.length + 2 <= NAME_MAX &&
  Array.from(name).every((letter) => letter.codePointAt(0)! <= 0xff) &&
  name.split(".").every(({ length }) => length >= 1 && length <= LABEL_MAX);

/** The OPT record, when the client has sent one. RFC 6891, section 6.1.2. */
function optOf({ edns }: DnsQuery, rcode: number): number[] {
  if (edns === undefined) return [];
  return [
    0,
    ...word(RecordType.OPT),
    ...word(edns.payloadMax),
    rcode >> 4,
    0, // the version that we speak
    ...word(edns.dnssecOk ? 0x8000 : 0),
    ...word(0),
  ];
}

/** A query of our own for one kind of record; recursion desired. */
export function encodeQuery(id: number, name: string, type: number) {
  return Uint8Array.from([
    ...word(id),
    ...word(FLAG.recursionDesired),
    ...word(1),
    ...word(0),
    ...word(0),
    ...word(0),
    ...encodeName(name),
    ...word(type),
    ...word(CLASS_IN),
  ]);
}

/** A copy of a message under another id. */
export function withId(octets: Uint8Array, id: number): Uint8Array {
  const copy = octets.slice();
  copy.set(word(id));
  return copy;
}

/** What the client takes of our own answers over UDP, in octets. */
export const udpRoom = ({ edns }: DnsQuery): number =>
  Math.min(edns?.payloadMax ?? UDP_PAYLOAD_MIN, UDP_PAYLOAD_MAX);

/** A response cut to its question, saying so: for a client that has no room for it. */
export function truncate(query: DnsQuery): Uint8Array {
  const reply = encodeReply(query, {}, query.questionEnd + 11);
  const flags = wordAt(reply, 2) & ~FLAG.authoritative | FLAG.truncated;
  reply.set(word(flags), 2);
  return reply;
}
