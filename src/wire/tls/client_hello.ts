/**
 * The beginning of a TLS connection, looked at in passing.
 *
 * @see RFC 8446, sections 4.1.2 and 5.1; RFC 6066, section 3
 */

/** What a ClientHello says. */
export interface ClientHello {
  /** In lower case; undefined when the client asks for none, or this is no TLS. */
  readonly serverName: string | undefined;
}

const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const HOST_NAME = 0;
const RECORD_HEAD = 5;
const MESSAGE_HEAD = 4;
/** Version and random. */
const FIXED_FIELDS = 34;
const NAME_LENGTH_MAX = 255;

/** @returns undefined as long as more octets could tell. */
export function readClientHello(octets: Uint8Array): ClientHello | undefined {
  const message = handshakeOf(octets);
  if (message === "other") return NOTHING;
  if (message.length < MESSAGE_HEAD) return undefined;
  const [type, ...size] = message;
  if (type !== CLIENT_HELLO) return NOTHING;
  const length = (size[0]! << 16) | (size[1]! << 8) | size[2]!;
  const body = message.subarray(MESSAGE_HEAD, MESSAGE_HEAD + length);
  if (body.length < length) return undefined;
  return { serverName: serverNameOf(new Reader(body)) };
}

const NOTHING: ClientHello = { serverName: undefined };

/** What the whole handshake records so far carry, put together. */
function handshakeOf(octets: Uint8Array): Uint8Array | "other" {
  const parts: number[] = [];
  for (let at = 0; at < octets.length;) {
    if (octets[at] !== HANDSHAKE) return at === 0 ? "other" : whole(parts);
    if (octets.length - at < RECORD_HEAD) break;
    const length = (octets[at + 3]! << 8) | octets[at + 4]!;
    at += RECORD_HEAD;
    if (octets.length < at + length) break;
    parts.push(...octets.subarray(at, at + length));
    at += length;
  }
  return whole(parts);
}

const whole = (parts: readonly number[]): Uint8Array => Uint8Array.from(parts);

/** @returns undefined for none, and for what is malformed: the server will say so. */
function serverNameOf(hello: Reader): string | undefined {
  hello.skip(FIXED_FIELDS);
  hello.take(1); // session
  hello.take(2); // cipher suites
  hello.take(1); // compression
  const extensions = new Reader(hello.take(2));
  while (extensions.left > 0) {
    const type = extensions.number(2);
    const data = extensions.take(2);
    if (type === SERVER_NAME) return hostNameIn(new Reader(data));
  }
  return undefined;
}

function hostNameIn(extension: Reader): string | undefined {
  const names = new Reader(extension.take(2));
  while (names.left > 0) {
    const type = names.number(1);
    const name = names.take(2);
    if (type === HOST_NAME) return nameOf(name);
  }
  return undefined;
}

function nameOf(octets: Uint8Array): string | undefined {
  if (octets.length > NAME_LENGTH_MAX) return undefined;
  const name = String.fromCharCode(...octets).toLowerCase();
  return /^[a-z0-9._-]+$/.test(name) ? name : undefined;
}

/** Reads numbers and what they give the length of; at the end there are only zeros and nothing. */
class Reader {
  #at = 0;

  constructor(readonly octets: Uint8Array) {}

  get left(): number {
    return Math.max(0, this.octets.length - this.#at);
  }

  skip(count: number): void {
    this.#at += count;
  }

  number(size: number): number {
    let value = 0;
    for (let i = 0; i < size; i++) {
      value = value * 256 + (this.octets[this.#at++] ?? 0);
    }
    return value;
  }

  /** What follows a length of that many octets. */
  take(size: number): Uint8Array {
    const length = this.number(size);
    const start = this.#at;
    this.#at += length;
    return this.octets.subarray(start, start + length);
  }
}
