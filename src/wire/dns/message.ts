/** What DNS messages are made of, as far as both directions need it. */

/** Octets of the header. RFC 1035, section 4.1.1. */
export const HEADER_SIZE = 12;

/** Bits of the header's second word. */
export const FLAG = {
  response: 1 << 15,
  authoritative: 1 << 10,
  truncated: 1 << 9,
  recursionDesired: 1 << 8,
  recursionAvailable: 1 << 7,
  checkingDisabled: 1 << 4,
} as const;

/** Response codes, RFC 1035 and RFC 6891. */
export const Rcode = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  /** Its upper bits go into the OPT record. */
  BADVERS: 16,
} as const;

/** Record types that hairpin answers itself. */
export const RecordType = { A: 1, CNAME: 5, AAAA: 28, OPT: 41 } as const;

/** The class of the Internet. */
export const CLASS_IN = 1;

/** What the client said of EDNS. RFC 6891, section 6.1. */
export interface Edns {
  readonly version: number;
  /** Octets that the client takes over UDP. */
  readonly payloadMax: number;
  readonly dnssecOk: boolean;
}

/** One query that makes sense. */
export interface DnsQuery {
  readonly id: number;
  /** The header's second word. */
  readonly flags: number;
  /** In lower case, without the last dot; empty for the root. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
  readonly edns: Edns | undefined;
  /** The whole message as it came. */
  readonly octets: Uint8Array;
  /** Where the question ends in it; it begins behind the header. */
  readonly questionEnd: number;
}

export const wordAt = (octets: Uint8Array, at: number): number =>
  octets[at]! << 8 | octets[at + 1]!;

export const opcodeOf = (flags: number): number => flags >> 11 & 0xf;
