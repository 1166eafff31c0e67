/** Matching paths with the templates of AuthorizationPolicies. */

/** Whether a path without query is one that a template describes. */
export type PathTest = (path: string) => boolean;

/**
 * Prepares a template for matching: `{*}` is one whole segment that is not
 * empty, `{**}` any number of characters, slashes too.
 *
 * A template that ends with `{**}` and a slash also takes what follows that
 * slash, as Istio's reference has it (`/foo/{**}/` with `/foo/bar/baz.txt`).
 *
 * @param template One that the policy's schema accepts: operators are whole
 * segments, and none comes after `{**}`.
 */
export function compilePathTemplate(template: string): PathTest {
  const segments = template.split("/");
  const rest = segments.indexOf("{**}");
  if (rest === -1) {
    return (path) => {
      const parts = path.split("/");
      return parts.length === segments.length && startsWith(parts, segments);
    };
  }
  const before = segments.slice(0, rest);
  const after = segments.slice(rest + 1);
  const isOpen = after.length === 1 && after[0] === "";
  const end = after.length === 0 ? "" : `/${after.join("/")}`;
  return (path) => {
    const parts = path.split("/");
    if (parts.length <= rest || !startsWith(parts, before)) return false;
    const free = parts.slice(rest).join("/");
    return isOpen ? free.includes("/") : free.endsWith(end);
  };
}

const startsWith = (
  parts: readonly string[],
  segments: readonly string[],
): boolean =>
  segments.every((segment, i) =>
    segment === "{*}" ? parts[i] !== "" : parts[i] === segment
  );
