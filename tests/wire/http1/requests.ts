/** Requests around what a case is about. */

/** A request with a valid rest around what a case is about. */
export function get(fields: string, line = "GET / HTTP/1.1"): string {
  return `${line}\r\nHost: a.test\r\n${fields}\r\n`;
}

export function post(fields: string, body: string): string {
  return `POST / HTTP/1.1\r\nHost: a.test\r\n${fields}\r\n${body}`;
}

export function line(text: string, host = "a.test"): string {
  return `${text}\r\nHost: ${host}\r\n\r\n`;
}

/** [what, octets, status, why llhttp accepts it where it does] */
export type Refused = readonly [
  what: string,
  octets: string,
  status: number,
  oracleAccepts?: string,
];
