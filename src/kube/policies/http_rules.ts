/** One rule of an AuthorizationPolicy with everything that layer 7 sees. */
import type {
  HttpClause,
  HttpCondition,
  HttpPolicy,
  HttpRule,
} from "../../model/http_policy.ts";
import { httpCondition } from "./http_conditions.ts";
import {
  accounts,
  addresses,
  hosts,
  httpPorts,
  namespaces,
  paths,
  principals,
  type Reader,
  requestPrincipals,
  type RuleScope,
  texts,
  trustDomains,
} from "./http_values.ts";
import type {
  AuthorizationOperation,
  AuthorizationRule,
  AuthorizationSource,
} from "../schema/authorization.ts";

export type HttpRuleContext = RuleScope;

/** A field that cannot be enforced as it is written. */
export interface FieldProblem {
  /** `from.source.namespaces`, or the key of a `when` entry. */
  readonly field: string;
  readonly why: string;
}

export interface ConvertedHttpRule {
  /** undefined when it is left out. */
  readonly rule: HttpRule | undefined;
  readonly problems: readonly FieldProblem[];
}

export function convertHttpRule(
  rule: AuthorizationRule,
  index: number,
  action: HttpPolicy["action"],
  context: HttpRuleContext,
): ConvertedHttpRule {
  const problems: FieldProblem[] = [];
  const clauseOf = (reads: readonly FieldRead[]): HttpClause =>
    reads.flatMap((read) => {
      if ("condition" in read) return [read.condition];
      problems.push(read);
      return [];
    });
  const converted: HttpRule = {
    index,
    from: (rule.from ?? []).map(({ source }) =>
      clauseOf(sourceFields(source, context))
    ),
    to: (rule.to ?? []).map(({ operation }) =>
      clauseOf(operationFields(operation, context))
    ),
    when: clauseOf(rule.when.map((entry): FieldRead => {
      const read = httpCondition(entry, context);
      return "bad" in read ? { field: entry.key, why: read.bad } : read;
    })),
  };
  const isLeftOut = action === "ALLOW" && problems.length > 0;
  return { rule: isLeftOut ? undefined : converted, problems };
}

type FieldRead = { readonly condition: HttpCondition } | FieldProblem;

/** One field with its `not` twin, where either is given. */
type Field<Raw> = readonly [
  name: string,
  values: readonly Raw[],
  notValues: readonly Raw[],
  read: Reader<Raw>,
];

function sourceFields(
  s: AuthorizationSource,
  context: HttpRuleContext,
): FieldRead[] {
  return [
    ...readFields("from.source", context, [
      ["principals", s.principals, s.notPrincipals, principals],
      ["namespaces", s.namespaces, s.notNamespaces, namespaces],
      ["serviceAccounts", s.serviceAccounts, s.notServiceAccounts, accounts],
      ["trustDomains", s.trustDomains, s.notTrustDomains, trustDomains],
      [
        "requestPrincipals",
        s.requestPrincipals,
        s.notRequestPrincipals,
        requestPrincipals,
      ],
    ]),
    ...readFields("from.source", context, [
      ["ipBlocks", s.ipBlocks, s.notIpBlocks, addresses("sourceIp")],
      [
        "remoteIpBlocks",
        s.remoteIpBlocks,
        s.notRemoteIpBlocks,
        addresses("remoteIp"),
      ],
    ]),
  ];
}

function operationFields(
  o: AuthorizationOperation,
  context: HttpRuleContext,
): FieldRead[] {
  return [
    ...readFields("to.operation", context, [
      ["hosts", o.hosts, o.notHosts, hosts],
      ["methods", o.methods, o.notMethods, texts("method")],
      ["paths", o.paths, o.notPaths, paths],
    ]),
    ...readFields("to.operation", context, [
      ["ports", o.ports, o.notPorts, httpPorts],
    ]),
  ];
}

function readFields<Raw>(
  parent: string,
  context: HttpRuleContext,
  fields: readonly Field<Raw>[],
): FieldRead[] {
  return fields
    .filter(([, values, notValues]) => values.length + notValues.length > 0)
    .map(([name, values, notValues, read]): FieldRead => {
      const result = read({ values, notValues }, context);
      return "bad" in result
        ? { field: `${parent}.${name}`, why: result.bad }
        : result;
    });
}
