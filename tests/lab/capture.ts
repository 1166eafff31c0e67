import type { Lab } from "./lab.ts";
import type { LabProcess } from "./lab_process.ts";
import { WIRE } from "./network.ts";
import { readPcap, type Segment } from "./pcap.ts";

/** What crossed the wire between the nodes during a capture. */
export interface Capture {
  readonly segments: readonly Segment[];
}

/** One direction of a connection, put together again. */
export interface Flow {
  readonly from: string;
  readonly to: string;
  readonly toPort: number;
  readonly octets: Uint8Array;
}

/** A capture of all TCP on the wire, running. */
export class WireCapture {
  private constructor(readonly process: LabProcess, readonly path: string) {}

  /** Starts tcpdump on the wire's bridge and waits until it listens. */
  static async start(lab: Lab, name = "capture"): Promise<WireCapture> {
    const path = `${lab.folder}/${name}.pcap`;
    const process = lab.start(lab.wire, name, [
      ...["tcpdump", "-i", WIRE, "-Z", "root", "-U", "-n", "-s", "0"],
      ...["-B", "8192", "-w", path, "tcp"],
    ]);
    await process.untilLog(/listening on/);
    return new WireCapture(process, path);
  }

  /** Ends the capture and reads it. */
  async stop(): Promise<Capture> {
    // Packets are handed over in blocks; the last one may lie in the kernel still.
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    this.process.signal("SIGINT");
    await this.process.ended;
    return { segments: readPcap(await Deno.readFile(this.path)) };
  }
}

/** Longer than the kernel holds a block of packets back for tcpdump. */
const SETTLE_MS = 1_100;
const TLS_RECORD_TYPES = [20, 21, 22, 23];
const TLS_RECORD_HEADER_OCTETS = 5;

/** The directions of all connections that carried something, octets in sequence order. */
export function flowsOf(capture: Capture): Flow[] {
  const groups = Map.groupBy(
    capture.segments.filter((segment) => segment.payload.length > 0),
    (segment) => `${segment.from} ${segment.to}`,
  );
  return [...groups.values()].flatMap((segments) => {
    const [first] = segments;
    return first === undefined
      ? []
      : [{ ...first, octets: inSequence(segments) }];
  });
}

/** True when that text crossed the wire in some flow, in plain. */
export function showsText(capture: Capture, text: string): boolean {
  const wanted = new TextEncoder().encode(text);
  return flowsOf(capture).some((flow) => indexOf(flow.octets, wanted) >= 0);
}

/** True when the flow is TLS records from its first octet on, and nothing else. */
export function isTls(flow: Flow): boolean {
  let at = 0;
  while (at + TLS_RECORD_HEADER_OCTETS <= flow.octets.length) {
    const [type = 0, major = 0, , high = 0, low = 0] = flow.octets.subarray(at);
    if (!TLS_RECORD_TYPES.includes(type) || major !== 3) return false;
    at += TLS_RECORD_HEADER_OCTETS + high * 256 + low;
  }
  return flow.octets.length > 0;
}

function inSequence(segments: readonly Segment[]): Uint8Array {
  const start = segments[0]?.sequence ?? 0;
  const parts = segments
    .map(({ sequence, payload }) => ({ at: (sequence - start) | 0, payload }))
    .filter(({ at }) => at >= 0); // older ones are keepalive probes or repeats
  const length = Math.max(
    ...parts.map(({ at, payload }) => at + payload.length),
  );
  const octets = new Uint8Array(length);
  for (const { at, payload } of parts) octets.set(payload, at);
  return octets;
}

function indexOf(octets: Uint8Array, wanted: Uint8Array): number {
  const last = octets.length - wanted.length;
  for (let at = 0; at <= last; at++) {
    if (wanted.every((octet, offset) => octets[at + offset] === octet)) {
      return at;
    }
  }
  return -1;
}
