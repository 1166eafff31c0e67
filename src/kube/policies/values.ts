/** The values of an AuthorizationPolicy as the matches of the L4 model. */
import type { ServiceAccountMatch, StringMatch } from "../../model/policy.ts";

export interface RuleContext {
  /** Of the policy: where a service account without namespace lives. */
  readonly namespace: string;
  readonly trustDomain: string;
}

/** `*` any, `*x` a suffix, `x*` a prefix, else exact; a leading star is looked at first. */
export function stringMatches(values: readonly string[]): StringMatch[] {
  return values.map((value) => {
    if (value === "*") return { kind: "presence" };
    if (value.startsWith("*")) return { kind: "suffix", value: value.slice(1) };
    if (value.endsWith("*")) {
      return { kind: "prefix", value: value.slice(0, -1) };
    }
    return { kind: "exact", value };
  });
}

const LOCAL = "cluster.local/";

/**
 * Principals, where the trust domain `cluster.local` also means the mesh's own:
 * that is how Istio's documents write it whatever the mesh is called.
 */
export function principalMatches(
  values: readonly string[],
  { trustDomain }: Pick<RuleContext, "trustDomain">,
): StringMatch[] {
  const own = `${trustDomain}/`;
  return stringMatches(
    values.flatMap((value) =>
      value.startsWith(LOCAL) && own !== LOCAL
        ? [value, own + value.slice(LOCAL.length)]
        : [value]
    ),
  );
}

/**
 * Trust domains as prefixes of principals. A list with a pattern `*x` has no
 * such form (see {@link isUnseenTrustDomain}) and yields nothing at all: half
 * of it would deny less than was asked for.
 */
export function trustDomainMatches(values: readonly string[]): StringMatch[] {
  if (values.some(isUnseenTrustDomain)) return [];
  return values.map((value) => {
    if (value === "*") return { kind: "presence" };
    return value.endsWith("*")
      ? { kind: "prefix", value: value.slice(0, -1) }
      : { kind: "prefix", value: `${value}/` };
  });
}

/** The end of a trust domain is the middle of a principal, which no L4 match can name. */
export const isUnseenTrustDomain = (pattern: string): boolean =>
  pattern.length > 1 && pattern.startsWith("*");

/** `account` of the policy's own namespace, or `namespace/account`. */
export function serviceAccountMatches(
  values: readonly string[],
  { namespace }: Pick<RuleContext, "namespace">,
): ServiceAccountMatch[] {
  return values.map((value) => {
    const slash = value.indexOf("/");
    return slash < 0 ? { namespace, serviceAccount: value } : {
      namespace: value.slice(0, slash),
      serviceAccount: value.slice(slash + 1),
    };
  });
}
