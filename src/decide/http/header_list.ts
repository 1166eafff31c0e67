/** Looking at header lists, and making changed ones. Names are in lower case throughout. */
import {
  FRAMING_FIELDS,
  type HeaderList,
  type HttpRequest,
} from "../../model/http.ts";

/** The value of a header; of one that repeats, all values with commas between. */
export function headerValue(
  headers: HeaderList,
  name: string,
): string | undefined {
  let value: string | undefined;
  for (const [key, text] of headers) {
    if (key !== name) continue;
    value = value === undefined ? text : `${value},${text}`;
  }
  return value;
}

/** Every value of a header, in order. */
export const headerValues = (headers: HeaderList, name: string): string[] =>
  headers.filter(([key]) => key === name).map(([, value]) => value);

export const withoutHeaders = (
  headers: HeaderList,
  names: ReadonlySet<string>,
): HeaderList => headers.filter(([name]) => !names.has(name));

/** Each of `set` replaces all headers of its name. */
export const withHeaders = (
  headers: HeaderList,
  set: HeaderList,
): HeaderList => [
  ...withoutHeaders(headers, new Set(set.map(([name]) => name))),
  ...set,
];

/** A field of a request by name; the request line goes by its HTTP/2 names, `host` is the authority. */
export function requestField(
  request: HttpRequest,
  name: string,
): string | undefined {
  switch (name) {
    case ":authority":
    case "host":
      return request.authority;
    case ":method":
      return request.method;
    case ":path":
      return request.path;
    case ":scheme":
      return request.scheme;
    default:
      return headerValue(request.headers, name);
  }
}

/** Whether a field of one message may be copied into another */
export const isCopyable = (name: string): boolean =>
  !name.startsWith(":") && !FRAMING_FIELDS.has(name);
