const LITERAL = /^[-a-zA-Z0-9._~%!$&'()+,;:@=]+$/;

/**
 * Whether a path of an AuthorizationPolicy has only operators where the
 * template language allows them: `{*}` and `{**}` as whole segments, none
 * after `{**}`, and plain path characters beside them.
 */
export function pathTemplateIsValid(path: string): boolean {
  const isTemplate = path.includes("{*}") || path.includes("{**}");
  let ended = false;
  for (const segment of path.replaceAll(/^\/+|\/+$/g, "").split("/")) {
    if (segment === "{*}" || segment === "{**}") {
      if (ended) return false;
      ended = segment === "{**}";
    } else if (/[{}]/.test(segment)) {
      return false;
    } else if (isTemplate && segment !== "" && !LITERAL.test(segment)) {
      return false;
    }
  }
  return true;
}
