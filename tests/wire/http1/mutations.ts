/** Messages that are nearly right, for fuzzing. */
import fc from "fast-check";

const METHODS = ["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"];
const FIELDS = [
  "X: a",
  "Accept:*/*",
  "Cookie: a=b; c=d",
  "X-Long:   value with blanks \t",
  "Content-Length: 0",
  "Content-Length: 3",
  "Content-Length: 03",
  "Content-Length: 3, 3",
  "Transfer-Encoding: chunked",
  "Transfer-Encoding: gzip, chunked",
  "Transfer-Encoding:\tchunked ",
  "transfer-encoding: identity",
  "Connection: keep-alive",
  "Connection: x, accept",
  "TE: trailers",
  "Trailer: x-sum",
  "X-Empty:",
  "X-Latin: \xe9\xff",
];
const BODIES = [
  "",
  "abc",
  "3\r\nabc\r\n0\r\n\r\n",
  "1;x=y\r\na\r\n0\r\nX-Sum: 1\r\n\r\n",
  "0\r\n\r\n",
  "003\r\nabc\r\n00\r\nA: b\r\nC: d\r\n\r\n",
];
/** What breaks parsers, put anywhere. */
const POISON = [
  "\r",
  "\n",
  "\r\n",
  "\r\n ",
  " ",
  "\t",
  "\0",
  "\x0b",
  "\x0c",
  "\x7f",
  "\x85",
  "\xa0",
  "\xff",
  ":",
  ",",
  ";",
  "0",
  "1",
  "f",
  "+",
  "-",
  "_",
  "x",
  "0x",
  "\r\n0\r\n\r\n",
  "\r\nTransfer-Encoding: chunked",
  "\r\nContent-Length: 1",
  "\r\nHost: b",
  "\r\n\r\n",
];

const oneOf = (texts: readonly string[]) => fc.constantFrom(...texts);
const fields = fc.array(oneOf(FIELDS), { maxLength: 4 })
  .map((lines) => lines.map((line) => `${line}\r\n`).join(""));

/** Requests that are often valid. */
export const plausibleRequests: fc.Arbitrary<string> = fc.tuple(
  oneOf(METHODS),
  oneOf(["/", "/a/b?c=d", "*", "http://a.test/x", "//x"]),
  fields,
  oneOf(BODIES),
).map(([method, target, lines, body]) =>
  `${method} ${target} HTTP/1.1\r\nHost: a.test\r\n${lines}\r\n${body}`
);

/** Responses that are often valid. */
export const plausibleResponses: fc.Arbitrary<string> = fc.tuple(
  oneOf(["", "", "HTTP/1.1 100 Continue\r\n\r\n"]),
  oneOf(["200 OK", "204 No Content", "304 Not Modified", "404 ", "500 \xe9"]),
  fields,
  oneOf(BODIES),
).map(([before, status, lines, body]) =>
  `${before}HTTP/1.1 ${status}\r\n${lines}\r\n${body}`
);

/** Messages with some places changed, most of them once or not at all. */
export function mutated(messages: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    removed: fc.constantFrom(0, 0, 1, 2, 5),
    added: fc.oneof(oneOf(POISON), fc.constant("")),
  });
  return fc.tuple(messages, fc.array(change, { maxLength: 2 })).map(
    ([message, changes]) =>
      changes.reduce((text, { at, removed, added }) => {
        const place = Math.floor(at * text.length);
        return text.slice(0, place) + added + text.slice(place + removed);
      }, message),
  );
}
