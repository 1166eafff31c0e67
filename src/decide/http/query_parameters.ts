/** The parameters of a path's query, with all others kept as they are written. */

export interface QueryPair {
  /** Decoded. */
  readonly name: string;
  readonly value: string;
  /** As it is written. */
  readonly raw: string;
}

/** Every parameter, in order; one empty pair for a path without query. */
export function queryPairs(path: string): QueryPair[] {
  const query = path.split("#", 1)[0]!.split("?").slice(1).join("?");
  return query.split("&").map((raw) => {
    const [name = "", ...value] = raw.split("=");
    return { raw, name: decoded(name), value: decoded(value.join("=")) };
  });
}

/** Percent-decoded, or as it is when it cannot be. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The path without any parameter of that name. */
export const withoutParameter = (path: string, name: string): string =>
  withQuery(path, rawPairs(path, name));

/** The path with one parameter of that name: the last, with this value. */
export const withParameter = (
  path: string,
  { name, value }: Pick<QueryPair, "name" | "value">,
): string =>
  withQuery(path, [
    ...rawPairs(path, name),
    `${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
  ]);

const rawPairs = (path: string, except: string): string[] =>
  queryPairs(path).filter(({ name }) => name !== except)
    .map(({ raw }) => raw).filter((raw) => raw !== "");

function withQuery(path: string, pairs: readonly string[]): string {
  const [before = ""] = path.split(/[?#]/, 1);
  const fragment = path.includes("#") ? path.slice(path.indexOf("#")) : "";
  return before + (pairs.length === 0 ? "" : `?${pairs.join("&")}`) + fragment;
}
