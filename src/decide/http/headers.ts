/** Header fields: looked up, and changed as filters say. */
import type { HeaderList, HttpRequest } from "../../model/http.ts";
import type { HeaderModifier } from "../../model/http_filters.ts";

/** The first field of that name. @param name In lower case. */
export const headerOf = (
  headers: HeaderList,
  name: string,
): string | undefined => headers.find(([other]) => other === name)?.[1];

/** Sets, then removes, then adds. */
export function modifyHeaders(
  headers: HeaderList,
  { set, add, remove }: HeaderModifier,
): HeaderList {
  if (set.length + add.length + remove.length === 0) return headers;
  const gone = new Set([...set.map(([name]) => name), ...remove]);
  return [
    ...headers.filter(([name]) => !gone.has(name)),
    ...set.filter(([name]) => !remove.includes(name)),
    ...add,
  ];
}

/** As {@link modifyHeaders}; a `host` that is set becomes the authority, as it is not among the fields. */
export function modifyRequest(
  request: HttpRequest,
  modifier: HeaderModifier,
): HttpRequest {
  const authority = headerOf(modifier.set, "host") ?? request.authority;
  const headers = modifyHeaders(request.headers, {
    ...modifier,
    set: modifier.set.filter(([name]) => name !== "host"),
  });
  return { ...request, authority, headers };
}
