/** How rules of one kind are told apart, and shown. */
export interface RuleKind<Rule> {
  /** A text that is equal for rules of equal meaning. */
  meaningOf(rule: Rule): string;
  show(rule: Rule): string;
}

/** What keeps one chain's rules from being the ones planned; in a chain, order counts. */
export function listDifferences<Rule>(
  plan: readonly Rule[],
  found: readonly Rule[],
  { meaningOf, show }: RuleKind<Rule>,
): string[] {
  const differences = [
    ...without(plan, found, meaningOf)
      .map((rule) => `rule ${show(rule)} is missing`),
    ...without(found, plan, meaningOf)
      .map((rule) => `rule ${show(rule)} is not expected`),
  ];
  if (differences.length > 0) return differences;
  const at = plan.findIndex((rule, i) =>
    meaningOf(rule) !== meaningOf(found[i]!)
  );
  return at === -1
    ? []
    : [`rule ${show(found[at]!)} stands where ${show(plan[at]!)} should`];
}

/** The rules of `rules` that `others` lacks; each of `others` counts once. */
function without<Rule>(
  rules: readonly Rule[],
  others: readonly Rule[],
  meaningOf: (rule: Rule) => string,
): Rule[] {
  const rest = others.map(meaningOf);
  return rules.filter((rule) => {
    const at = rest.indexOf(meaningOf(rule));
    if (at !== -1) rest.splice(at, 1);
    return at === -1;
  });
}
