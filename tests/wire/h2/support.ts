import {
  H2Connection,
  type H2Handlers,
  type H2Options,
  type HeaderList,
  type Role,
  type StreamId,
} from "../../../src/wire/h2/mod.ts";

/** One call of a handler: its name, then its arguments. */
export type Event = readonly [name: string, ...args: unknown[]];

/** A connection whose handlers write down what they were told. */
export class Endpoint implements H2Handlers {
  readonly connection: H2Connection;
  readonly events: Event[] = [];
  /** Octets of DATA of each stream. */
  readonly received = new Map<number, number[]>();
  /** Called before an event is written down. */
  react: (event: Event) => void = () => {};
  clock = 0;

  constructor(readonly role: Role, options: Partial<H2Options> = {}) {
    const now = () => this.clock;
    this.connection = new H2Connection(role, this, { now, ...options });
  }

  onHeaders(...args: Parameters<H2Handlers["onHeaders"]>): void {
    this.#add("headers", ...args);
  }
  onData(stream: StreamId, octets: Uint8Array, end: boolean): void {
    const all = this.received.get(stream) ?? [];
    this.received.set(stream, all);
    for (const octet of octets) all.push(octet);
    this.#add("data", stream, octets.length, end);
  }
  onReset(stream: StreamId, code: number): void {
    this.#add("reset", stream, code);
  }
  onWritable(stream: StreamId): void {
    this.#add("writable", stream);
  }
  onGoAway(lastStream: number, code: number, debug: Uint8Array): void {
    this.#add("goaway", lastStream, code, new TextDecoder().decode(debug));
  }
  onPong(opaque: number): void {
    this.#add("pong", opaque);
  }
  onOutput(): void {
    this.#add("output");
  }
  onSettings(): void {
    this.#add("settings");
  }
  onClosed(stream: StreamId): void {
    this.#add("closed", stream);
  }
  onFinished(): void {
    this.#add("finished");
  }

  #add(...event: Event): void {
    this.react(event);
    this.events.push(event);
  }

  /** The events so far but "output" and "settings"; forgets them. */
  takeEvents(): Event[] {
    const quiet = new Set(["output", "settings"]);
    return this.events.splice(0).filter(([name]) => !quiet.has(name));
  }

  /** All that waits to be written, in one piece. */
  takeOctets(): Uint8Array {
    return join(this.connection.takeOutput());
  }
}

/** The chunks in one buffer. */
export function join(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(
    chunks.reduce((sum, chunk) => sum + chunk.length, 0),
  );
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** Two endpoints wired back to back. */
export class Pair {
  readonly client: Endpoint;
  readonly server: Endpoint;

  constructor(
    options: { client?: Partial<H2Options>; server?: Partial<H2Options> } = {},
  ) {
    this.client = new Endpoint("client", options.client);
    this.server = new Endpoint("server", options.server);
    this.settle();
    this.client.takeEvents();
    this.server.takeEvents();
  }

  /** Moves octets both ways until nothing is left to move. */
  settle(): void {
    while (this.#move(this.client, this.server)) {
      this.#move(this.server, this.client);
    }
    if (this.#move(this.server, this.client)) this.settle();
  }

  #move(from: Endpoint, to: Endpoint): boolean {
    const octets = from.takeOctets();
    if (octets.length === 0) return false;
    to.connection.receive(octets);
    return true;
  }
}

export const GET: HeaderList = [
  [":method", "GET"],
  [":scheme", "https"],
  [":authority", "web.test"],
  [":path", "/"],
];
export const POST: HeaderList = [[":method", "POST"], ...GET.slice(1)];
export const CONNECT: HeaderList = [
  [":method", "CONNECT"],
  [":authority", "10.0.0.1:80"],
];
export const OK: HeaderList = [[":status", "200"]];

/** A frame as read back from output. */
export interface SeenFrame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Uint8Array;
}

/** A frame as octets. */
export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array | readonly number[] = [],
): Uint8Array {
  const { length } = payload;
  const octets = new Uint8Array(9 + length);
  octets.set([length >>> 16, length >>> 8, length, type, flags]);
  new DataView(octets.buffer).setUint32(5, stream);
  octets.set(payload, 9);
  return octets;
}

/** Cuts octets into frames; the client's preface is left out. */
export function framesOf(octets: Uint8Array): SeenFrame[] {
  const frames: SeenFrame[] = [];
  const preface = octets[0] === 0x50 && octets[1] === 0x52;
  let at = preface ? 24 : 0;
  while (at < octets.length) {
    const view = new DataView(octets.buffer, octets.byteOffset + at);
    const length = view.getUint32(0) >>> 8;
    frames.push({
      type: view.getUint8(3),
      flags: view.getUint8(4),
      stream: view.getUint32(5),
      payload: octets.slice(at + 9, at + 9 + length),
    });
    at += 9 + length;
  }
  return frames;
}

/** Four octets of a number. */
export function uint32(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}

/** The code of the last GOAWAY in the output, undefined without one. */
export function goAwayCode(octets: Uint8Array): number | undefined {
  const last = framesOf(octets).findLast(({ type }) => type === 7);
  return last === undefined
    ? undefined
    : new DataView(last.payload.buffer).getUint32(4);
}

/** [stream, code] of every RST_STREAM in the output. */
export function resetsOf(octets: Uint8Array): [number, number][] {
  return framesOf(octets).filter(({ type }) => type === 3).map((
    { stream, payload },
  ) => [stream, new DataView(payload.buffer).getUint32(0)]);
}
