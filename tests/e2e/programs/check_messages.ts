// Envoy's CheckRequest and CheckResponse by their field numbers alone, so that
// tests do not read what hairpin writes with hairpin's own description of it.

export interface Check {
  readonly source: string;
  readonly principal: string;
  readonly destination: string;
  readonly callee: string;
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly scheme: string;
  readonly protocol: string;
  readonly size: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly rawBody: string;
}

type Value = bigint | Uint8Array;
type Message = Map<number, Value[]>;

/** Reads the fields of one message; varints and lengths are all that occur. */
function read(octets: Uint8Array): Message {
  const message: Message = new Map();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n;; shift += 7n) {
      const octet = octets[at++]!;
      value |= BigInt(octet & 0x7f) << shift;
      if (octet < 0x80) return value;
    }
  };
  while (at < octets.length) {
    const tag = varint();
    const field = Number(tag >> 3n);
    const values = message.get(field) ?? [];
    message.set(field, values);
    if ((tag & 7n) === 0n) values.push(varint());
    else {
      const length = Number(varint());
      values.push(octets.subarray(at, at += length));
    }
  }
  return message;
}

const octetsAt = (message: Message, field: number): Uint8Array => {
  const [value] = message.get(field) ?? [];
  return value instanceof Uint8Array ? value : new Uint8Array();
};
const at = (message: Message, ...path: number[]): Message =>
  path.reduce((inner, field) => read(octetsAt(inner, field)), message);
const textAt = (message: Message, field: number): string =>
  new TextDecoder().decode(octetsAt(message, field));
const numberAt = (message: Message, field: number): string => {
  const [value] = message.get(field) ?? [];
  return `${BigInt.asIntN(64, typeof value === "bigint" ? value : 0n)}`;
};

/** A peer's `ADDRESS:PORT`. */
function addressAt(peer: Message): string {
  const socket = at(peer, 1, 1);
  return `${textAt(socket, 2)}:${numberAt(socket, 3)}`;
}

export function readCheck(octets: Uint8Array): Check {
  const attributes = at(read(octets), 1);
  const [source, destination] = [at(attributes, 1), at(attributes, 2)];
  const http = at(attributes, 4, 2);
  const headers = (http.get(3) ?? []).map((entry) => read(entry as Uint8Array))
    .map((entry) => [textAt(entry, 1), textAt(entry, 2)]);
  return {
    source: addressAt(source),
    principal: textAt(source, 4),
    destination: addressAt(destination),
    callee: textAt(destination, 4),
    method: textAt(http, 2),
    headers: Object.fromEntries(headers),
    path: textAt(http, 4),
    host: textAt(http, 5),
    scheme: textAt(http, 6),
    size: numberAt(http, 9),
    protocol: textAt(http, 10),
    body: textAt(http, 11),
    rawBody: octetsAt(http, 12).toHex(),
  };
}

/** Lengths and numbers here are below 128, or two octets long. */
function varint(value: number): number[] {
  return value < 0x80 ? [value] : [value & 0x7f | 0x80, ...varint(value >> 7)];
}
const number = (field: number, value: number): number[] => [
  ...varint(field << 3),
  ...varint(value),
];
const nested = (field: number, octets: Iterable<number>): number[] => {
  const content = [...octets];
  return [...varint(field << 3 | 2), ...varint(content.length), ...content];
};
const text = (field: number, value: string): number[] =>
  nested(field, new TextEncoder().encode(value));
const header = (name: string, value: string, action = 0): number[] => [
  ...nested(1, [...text(1, name), ...text(2, value)]),
  ...number(3, action),
];

/** /deny and a principal that is not sleep's are denied, all others allowed. */
export function responseTo(
  { path, principal, body, rawBody }: Check,
): Uint8Array {
  const isBad = body.includes("bad") || rawBody.includes("626164");
  if (path.startsWith("/deny") || isBad) {
    return Uint8Array.from([
      ...nested(1, number(1, 7)),
      ...nested(2, [
        ...nested(1, number(1, 401)),
        ...nested(2, header("www-authenticate", "Test")),
        ...text(3, "who are you?"),
      ]),
    ]);
  }
  if (!principal.endsWith("/sa/sleep")) {
    return Uint8Array.from(nested(1, number(1, 7)));
  }
  return Uint8Array.from(nested(3, [
    ...nested(2, header("x-user", "ann")),
    ...text(5, "x-token"),
    ...nested(6, header("x-seen", "authorizer")),
    ...nested(6, header("x-new", "1", 1)),
    ...nested(7, [...text(1, "user"), ...text(2, "ann")]),
    ...text(8, "key"),
  ]));
}
