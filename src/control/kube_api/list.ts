import type { Kind } from "../../kube/mod.ts";
import type { KubeApi } from "./client.ts";
import { KubeApiError } from "./errors.ts";
import { LIST_PAGE_OBJECTS, LIST_PAGES_MAX } from "./limits.ts";
import { type RawObject, readPage } from "./messages.ts";
import { apiVersionOf, pathOf, RESOURCES, titleOf } from "./resources.ts";

/** Which objects of a kind are followed. */
export interface Scope {
  readonly kind: Kind;
  /** Default: all. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export const queryOf = (
  { labelSelector, fieldSelector }: Scope,
  more: Readonly<Record<string, string>>,
): string =>
  new URLSearchParams({
    ...labelSelector !== undefined && { labelSelector },
    ...fieldSelector !== undefined && { fieldSelector },
    ...more,
  }).toString();

/**
 * Lists in pages.
 *
 * @param take Is given each object, with the kind that lists leave off.
 * @returns The version to watch from.
 * @throws {KubeApiError} of status 404 when the server does not have the kind
 * in that version, 410 when the pages were too slow.
 */
export async function listAll(
  api: KubeApi,
  scope: Scope,
  version: string,
  take: (object: RawObject) => void,
  signal: AbortSignal,
): Promise<string> {
  const resource = RESOURCES[scope.kind];
  const { kind, namespace = "" } = scope;
  const head = { apiVersion: apiVersionOf(resource, version), kind };
  let continueToken = "";
  for (let pages = 0; pages < LIST_PAGES_MAX; pages++) {
    const query = queryOf(scope, {
      limit: String(LIST_PAGE_OBJECTS),
      ...continueToken !== "" && { continue: continueToken },
    });
    const page = readPage(
      await api.json({
        verb: "list",
        resource: titleOf(resource),
        path: `${pathOf(resource, { version, namespace })}?${query}`,
      }, signal),
    );
    for (const item of page.items) take({ ...item, ...head });
    if (page.continueToken === "") return page.resourceVersion;
    continueToken = page.continueToken;
  }
  throw new KubeApiError(
    `Cannot list "${titleOf(resource)}": over ${LIST_PAGES_MAX} pages`,
  );
}
