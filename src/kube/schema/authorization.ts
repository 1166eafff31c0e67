/**
 * AuthorizationPolicy, closed: a field that is not known here is an error,
 * because a policy that is half read protects half.
 *
 * @see https://istio.io/latest/docs/reference/config/security/authorization-policy/
 */
import * as v from "valibot";
import {
  POLICY_RULES_MAX,
  POLICY_TARGETS_MAX,
  SERVICE_ACCOUNT_LENGTH_MAX,
  SERVICE_ACCOUNTS_MAX,
} from "../limits.ts";
import { conditionProblem } from "./condition.ts";
import {
  cidr,
  closed,
  filled,
  listOf,
  mapOf,
  oneOf,
  parsed,
  portText,
  someOf,
  text,
} from "./fields.ts";
import { pathTemplateIsValid } from "./path_template.ts";

export const workloadSelector = closed({
  matchLabels: v.optional(mapOf(text), {}),
});

export const targetRef = closed({
  group: v.optional(text, ""),
  kind: filled,
  name: filled,
  namespace: v.exactOptional(text),
});

export const targetRefs = v.pipe(
  someOf(targetRef),
  v.maxLength(POLICY_TARGETS_MAX, `has over ${POLICY_TARGETS_MAX} entries`),
);

/** Whether a policy that can be attached in three ways uses one at most. */
export const hasOneKindOfTarget = (spec: {
  readonly selector?: unknown;
  readonly targetRef?: unknown;
  readonly targetRefs: readonly unknown[];
}): boolean =>
  [
    spec.selector !== undefined,
    spec.targetRef !== undefined,
    spec.targetRefs.length > 0,
  ].filter(Boolean).length < 2;

export const MANY_KINDS_OF_TARGET =
  "has more than one of selector, targetRef and targetRefs";

const serviceAccount = parsed(
  (value) =>
    value.length <= SERVICE_ACCOUNT_LENGTH_MAX &&
      /^([^/*]+\/)?[^/*]+$/.test(value)
      ? value
      : undefined,
  'is not "SERVICE-ACCOUNT" or "NAMESPACE/SERVICE-ACCOUNT" without wildcard',
);

const serviceAccounts = v.pipe(
  someOf(serviceAccount),
  v.maxLength(SERVICE_ACCOUNTS_MAX, `has over ${SERVICE_ACCOUNTS_MAX} entries`),
);

const trustDomain = parsed(
  (value) => /^(\*|\*?[^*/]+|[^*/]+\*)$/.test(value) ? value : undefined,
  'is not a trust domain, without "/" and with one "*" at most, at an end',
);

/** A principal carries no scheme: one that has it can never match. */
const principal = parsed(
  (value) => value !== "" && !value.includes("spiffe://") ? value : undefined,
  'is not a principal (write it without "spiffe://")',
);

const hasEntry = (fields: Record<string, readonly unknown[]>): boolean =>
  Object.values(fields).some((list) => list.length > 0);

const source = v.pipe(
  closed({
    principals: someOf(principal),
    notPrincipals: someOf(principal),
    requestPrincipals: someOf(filled),
    notRequestPrincipals: someOf(filled),
    namespaces: someOf(filled),
    notNamespaces: someOf(filled),
    serviceAccounts,
    notServiceAccounts: serviceAccounts,
    trustDomains: someOf(trustDomain),
    notTrustDomains: someOf(trustDomain),
    ipBlocks: someOf(cidr),
    notIpBlocks: someOf(cidr),
    remoteIpBlocks: someOf(cidr),
    notRemoteIpBlocks: someOf(cidr),
  }),
  v.check((entries) => hasEntry(entries), "has no entry"),
  v.check(
    (s) =>
      !hasEntry({ a: s.serviceAccounts, b: s.notServiceAccounts }) ||
      !hasEntry({
        a: s.principals,
        b: s.notPrincipals,
        c: s.namespaces,
        d: s.notNamespaces,
      }),
    "has serviceAccounts together with principals or namespaces",
  ),
);

const path = v.pipe(
  filled,
  v.check(pathTemplateIsValid, "is not a valid path template"),
);

const operation = v.pipe(
  closed({
    hosts: someOf(filled),
    notHosts: someOf(filled),
    ports: someOf(portText),
    notPorts: someOf(portText),
    methods: someOf(filled),
    notMethods: someOf(filled),
    paths: someOf(path),
    notPaths: someOf(path),
  }),
  v.check((entries) => hasEntry(entries), "has no entry"),
);

const condition = v.pipe(
  closed({ key: filled, values: someOf(filled), notValues: someOf(filled) }),
  v.rawCheck(({ dataset, addIssue }) => {
    const why = dataset.typed ? conditionProblem(dataset.value) : undefined;
    if (why !== undefined) addIssue({ message: why });
  }),
);

const atLeastOne = <T extends v.GenericSchema>(item: T) =>
  v.exactOptional(v.pipe(listOf(item), v.minLength(1, "is an empty list")));

const rule = closed({
  from: atLeastOne(closed({ source })),
  to: atLeastOne(closed({ operation })),
  when: someOf(condition),
});

export const authorizationPolicySpec = v.pipe(
  closed({
    selector: v.exactOptional(workloadSelector),
    targetRef: v.exactOptional(targetRef),
    targetRefs,
    rules: v.exactOptional(v.pipe(
      listOf(rule),
      v.maxLength(POLICY_RULES_MAX, `has over ${POLICY_RULES_MAX} rules`),
    )),
    action: v.optional(oneOf("ALLOW", "DENY", "AUDIT", "CUSTOM"), "ALLOW"),
    provider: v.exactOptional(closed({ name: filled })),
  }),
  v.check(
    (spec) => spec.action !== "DENY" || spec.rules !== undefined,
    "denies nothing: DENY without rules (a rule {} denies everything)",
  ),
  v.check(
    (spec) => (spec.action === "CUSTOM") === (spec.provider !== undefined),
    "is wrong about provider: CUSTOM needs one, other actions have none",
  ),
  v.check((spec) => hasOneKindOfTarget(spec), MANY_KINDS_OF_TARGET),
);

export type AuthorizationPolicySpec = v.InferOutput<
  typeof authorizationPolicySpec
>;
export type AuthorizationRule = v.InferOutput<typeof rule>;
export type AuthorizationSource = v.InferOutput<typeof source>;
export type AuthorizationOperation = v.InferOutput<typeof operation>;
export type AuthorizationCondition = v.InferOutput<typeof condition>;
