/** What `ss -Hntp` prints, as data. */

export interface SocketRow {
  readonly local: string;
  readonly localPort: number;
  readonly peer: string;
  readonly peerPort: number;
  /** Program and process; undefined when the kernel does not say. */
  readonly owner:
    | { readonly program: string; readonly pid: number }
    | undefined;
}

/** Reads the rows of `ss -H`; a line that is none is passed over. */
export function parseSockets(text: string): SocketRow[] {
  return text.split("\n").flatMap((line) => {
    const [, , , local = "", peer = "", ...rest] = line.trim().split(/\s+/);
    const at = splitAddress(local);
    const from = splitAddress(peer);
    if (at === undefined || from === undefined) return [];
    const owner = OWNER.exec(rest.join(" "));
    return [{
      local: at.host,
      localPort: at.port,
      peer: from.host,
      peerPort: from.port,
      owner: owner === null
        ? undefined
        : { program: owner[1]!, pid: Number(owner[2]) },
    }];
  });
}

const OWNER = /users:\(\("([^"]{1,64})",pid=(\d{1,10}),/;

function splitAddress(text: string) {
  const parts = /^(.*):(\d+|\*)$/.exec(text);
  if (parts === null) return undefined;
  const host = parts[1]!.replace(/^\[(.*)\]$/, "$1").replace(/^::ffff:/, "")
    .replace(/%.*$/, "");
  return { host, port: parts[2] === "*" ? 0 : Number(parts[2]) };
}
