/** Policies of layer 7, by what they are attached to. */
import { formatCidr } from "../model/address.ts";
import type { Attached } from "../model/attached.ts";
import type {
  HttpClause,
  HttpCondition,
  HttpPolicy,
  HttpRule,
} from "../model/http_policy.ts";
import type { StringMatch } from "../model/policy.ts";
import { SECRET_NAME } from "./dump_config.ts";
import type { Json } from "./json.ts";

/** What something is attached to: `gateway`, or the key of a service. */
export function dumpAttached<Policy>(
  { gateway, services }: Attached<Policy>,
  dump: (policy: Policy) => Readonly<Record<string, Json | undefined>>,
): readonly Json[] {
  const of = (attachedTo: string) => (policy: Policy) => ({
    attachedTo,
    ...dump(policy),
  });
  return [
    ...gateway.map(of("gateway")),
    ...Object.keys(services).sort().flatMap((service) =>
      services[service]!.map(of(service))
    ),
  ];
}

export const dumpHttpPolicy = (policy: HttpPolicy) => ({
  namespace: policy.namespace,
  name: policy.name,
  action: policy.action,
  dryRun: policy.dryRun,
  ...policy.action === "CUSTOM" && {
    provider: policy.provider,
    providerUsable: policy.authorizer !== undefined,
  },
  rules: policy.rules.map(dumpRule),
});

const dumpRule = ({ from, to, when }: HttpRule): Json => ({
  from: from.map(dumpClause),
  to: to.map(dumpClause),
  when: dumpClause(when),
});

const dumpClause = (clause: HttpClause): Json => clause.map(dumpCondition);

function dumpCondition(condition: HttpCondition): Json {
  const about = {
    on: condition.on,
    name: condition.on === "header" ? condition.name : undefined,
    claim: condition.on === "claim" ? condition.path.join(".") : undefined,
  };
  const hidden = condition.on === "header" && SECRET_NAME.test(condition.name);
  const text = hidden ? () => "<hidden>" : textOf;
  const values: readonly Term[] = condition.values;
  const notValues: readonly Term[] = condition.notValues;
  return {
    ...about,
    values: values.map(text),
    notValues: notValues.length === 0 ? undefined : notValues.map(text),
  };
}

/** Whatever a condition compares with. */
type Term = HttpCondition["values"][number];

function textOf(term: Term): string {
  if (typeof term !== "object") return `${term}`;
  if ("kind" in term) {
    return term.kind === "template" ? term.template : matchText(term);
  }
  if ("ip" in term) return formatCidr(term);
  if ("issuer" in term) {
    return `${matchText(term.issuer)}/${matchText(term.subject)}`;
  }
  return `${term.namespace}/${term.serviceAccount}`;
}

/** As a policy spells it. */
function matchText(match: StringMatch): string {
  switch (match.kind) {
    case "exact":
      return match.value;
    case "prefix":
      return `${match.value}*`;
    case "suffix":
      return `*${match.value}`;
    case "presence":
      return "*";
    default:
      throw new Error(`unhandled: ${match satisfies never}`);
  }
}
