import type { HttpRequest } from "../../model/http.ts";
import { PATH_LENGTH_MAX, QUERY_PARAMETERS_MAX } from "./limits.ts";

/** A request as matches see it: taken apart once, when a match first asks. */
export class MatchedRequest {
  readonly method: string;
  /** Without query and fragment. */
  readonly path: string;
  readonly #request: HttpRequest;
  #headers: ReadonlyMap<string, string> | undefined;
  #query: ReadonlyMap<string, string> | undefined;

  constructor(request: HttpRequest) {
    this.#request = request;
    this.method = request.method;
    this.path = splitPath(request.path).path;
  }

  /**
   * All fields of a name as one value, joined by commas; `host` is the authority.
   *
   * @param name In lower case.
   */
  header(name: string): string | undefined {
    if (name === "host") return this.#request.authority;
    this.#headers ??= joined(this.#request.headers);
    return this.#headers.get(name);
  }

  /** The first value of a parameter, as it came: percent signs are not read. */
  query(name: string): string | undefined {
    this.#query ??= firstParameters(splitPath(this.#request.path).query);
    return this.#query.get(name);
  }
}

/** @returns `query` with its question mark, or empty; a fragment is dropped. */
export function splitPath(text: string): { path: string; query: string } {
  const fragment = text.indexOf("#");
  const whole = fragment < 0 ? text : text.slice(0, fragment);
  const mark = whole.indexOf("?");
  return mark < 0
    ? { path: whole, query: "" }
    : { path: whole.slice(0, mark), query: whole.slice(mark) };
}

/** Why matches cannot be asked about a request; undefined when they can. */
export function oversize({ path }: HttpRequest): string | undefined {
  if (path.length > PATH_LENGTH_MAX) {
    return `the path has ${path.length} characters, at most ${PATH_LENGTH_MAX}`;
  }
  let parameters = 1;
  for (let at = path.indexOf("&"); at >= 0; at = path.indexOf("&", at + 1)) {
    parameters++;
  }
  return parameters > QUERY_PARAMETERS_MAX
    ? `the query has over ${QUERY_PARAMETERS_MAX} parameters`
    : undefined;
}

function joined(headers: HttpRequest["headers"]): Map<string, string> {
  const map = new Map<string, string>();
  for (const [name, value] of headers) {
    const before = map.get(name);
    map.set(name, before === undefined ? value : `${before},${value}`);
  }
  return map;
}

function firstParameters(query: string): Map<string, string> {
  const map = new Map<string, string>();
  if (query.length < 2) return map;
  for (const pair of query.slice(1).split("&")) {
    const equals = pair.indexOf("=");
    const name = equals < 0 ? pair : pair.slice(0, equals);
    if (!map.has(name)) map.set(name, equals < 0 ? "" : pair.slice(equals + 1));
  }
  return map;
}
