import type { HeaderList } from "../../model/http.ts";
import type { HeaderMutation } from "../../model/external_check.ts";
import { isCopyable, withoutHeaders } from "./header_list.ts";

/** Changes header fields, one mutation after the other; fields about a connection or a length stay. */
export const mutateHeaders = (
  headers: HeaderList,
  mutations: readonly HeaderMutation[],
): HeaderList =>
  mutations.filter(({ name }) => isCopyable(name)).reduce(mutate, headers);

function mutate(
  headers: HeaderList,
  { name, value, action }: HeaderMutation,
): HeaderList {
  const isThere = headers.some(([key]) => key === name);
  const field = [name, value] as const;
  switch (action) {
    case "append-or-add":
      return [...headers, field];
    case "add-if-absent":
      return isThere ? headers : [...headers, field];
    case "replace-if-present":
      return isThere ? replaced(headers, field) : headers;
    case "replace-or-add":
      return replaced(headers, field);
    default:
      throw new Error(`unhandled: ${action satisfies never}`);
  }
}

const replaced = (
  headers: HeaderList,
  field: readonly [name: string, value: string],
): HeaderList => [...withoutHeaders(headers, new Set([field[0]])), field];
