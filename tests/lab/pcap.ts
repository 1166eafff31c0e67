/** One TCP segment of a capture. */
export interface Segment {
  /** `ADDRESS:PORT`, IPv6 in brackets. */
  readonly from: string;
  readonly to: string;
  readonly fromPort: number;
  readonly toPort: number;
  readonly sequence: number;
  readonly payload: Uint8Array;
}

const FILE_HEADER_OCTETS = 24;
const RECORD_HEADER_OCTETS = 16;
const ETHERNET_OCTETS = 14;
const MAGIC_LITTLE_ENDIAN = 0xa1b2c3d4;
const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const TCP = 6;

/**
 * The TCP segments of a capture file of Ethernet frames, in their order.
 *
 * @param file As tcpdump writes it on a little-endian machine: classic pcap,
 *   microseconds. A last record that is not complete is left out.
 * @throws {Error} when it is no such file.
 */
export function readPcap(file: Uint8Array): Segment[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (
    file.length < FILE_HEADER_OCTETS ||
    view.getUint32(0, true) !== MAGIC_LITTLE_ENDIAN
  ) {
    throw new Error("Cannot read capture: no pcap file header");
  }
  const segments: Segment[] = [];
  let at = FILE_HEADER_OCTETS;
  while (at + RECORD_HEADER_OCTETS <= file.length) {
    const length = view.getUint32(at + 8, true);
    const frame = file.subarray(
      at + RECORD_HEADER_OCTETS,
      at + RECORD_HEADER_OCTETS + length,
    );
    const segment = frame.length === length ? readFrame(frame) : undefined;
    if (segment !== undefined) segments.push(segment);
    at += RECORD_HEADER_OCTETS + length;
  }
  return segments;
}

function readFrame(frame: Uint8Array): Segment | undefined {
  if (frame.length < ETHERNET_OCTETS) return undefined;
  const packet = frame.subarray(ETHERNET_OCTETS);
  const type = uint16(frame, 12);
  if (type === IPV4 && packet[9] === TCP) return readIpv4(packet);
  if (type === IPV6 && packet[6] === TCP) return readIpv6(packet);
  return undefined;
}

function readIpv4(packet: Uint8Array): Segment | undefined {
  const headerOctets = ((packet[0] ?? 0) & 0x0f) * 4;
  const text = (at: number) => [...packet.subarray(at, at + 4)].join(".");
  return readTcp(
    packet.subarray(headerOctets, uint16(packet, 2)),
    text(12),
    text(16),
  );
}

function readIpv6(packet: Uint8Array): Segment | undefined {
  const text = (at: number) => {
    const groups = Array.from(
      { length: 8 },
      (_, group) => uint16(packet, at + 2 * group),
    );
    return `[${groups.map((group) => group.toString(16)).join(":")}]`;
  };
  return readTcp(
    packet.subarray(40, 40 + uint16(packet, 4)),
    text(8),
    text(24),
  );
}

function readTcp(
  tcp: Uint8Array,
  from: string,
  to: string,
): Segment | undefined {
  if (tcp.length < 20) return undefined;
  const [fromPort, toPort] = [uint16(tcp, 0), uint16(tcp, 2)];
  return {
    from: `${from}:${fromPort}`,
    to: `${to}:${toPort}`,
    fromPort,
    toPort,
    sequence: uint16(tcp, 4) * 0x1_0000 + uint16(tcp, 6),
    payload: tcp.subarray(((tcp[12] ?? 0) >> 4) * 4),
  };
}

function uint16(octets: Uint8Array, at: number): number {
  return (octets[at] ?? 0) * 256 + (octets[at + 1] ?? 0);
}
