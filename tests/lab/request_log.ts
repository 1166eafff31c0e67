/** One line of a waypoint's access log in the plain format, Envoy's. */
export interface RequestLine {
  readonly time: string;
  /** Method, path and protocol, as in `GET / HTTP/1.1`. */
  readonly request: string;
  readonly status: number;
  /** Who decided about the response, and why. */
  readonly details: string;
  /** The service's address and port that was asked for. */
  readonly local: string;
  /** The client's. */
  readonly remote: string;
  /** `NAMESPACE/NAME` of the policy that decided; undefined when none did. */
  readonly policy: string | undefined;
  /** Whom the destination vouched for; undefined when it did not turn the request round. */
  readonly hairpinSource: string | undefined;
}

/** How many columns a line has. */
const COLUMNS = 24;

/** The lines of requests in a log; all others are passed over. */
export function parseRequestLog(text: string): RequestLine[] {
  return text.split("\n").map(parseRequestLine).filter((line) =>
    line !== undefined
  );
}

/** Reads one line: columns between spaces, those that may hold spaces in quotes. */
export function parseRequestLine(line: string): RequestLine | undefined {
  if (!line.startsWith("[")) return undefined;
  const columns = [...line.matchAll(/"((?:[^"\\]|\\.)*)"|\S+/g)]
    .map(([column, quoted]) => quoted ?? column);
  if (columns.length !== COLUMNS) return undefined;
  const at = (column: number) => columns[column] ?? "";
  const unlessNone = (text: string) => text === "-" ? undefined : text;
  return {
    time: at(0).slice(1, -1),
    request: at(1),
    status: Number(at(2)),
    details: at(4),
    local: at(18),
    remote: at(19),
    policy: unlessNone(at(22)),
    hairpinSource: unlessNone(at(23)),
  };
}
