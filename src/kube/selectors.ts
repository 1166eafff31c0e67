import type { LabelSelector } from "./schema/fields.ts";

export type Labels = Readonly<Record<string, string>>;

/** Whether `labels` has every pair of `wanted`; an empty `wanted` matches all. */
export function hasLabels(labels: Labels, wanted: Labels): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

/** As {@link hasLabels}, but an empty selector selects nothing: Kubernetes' rule for a Service. */
export function selects(selector: Labels, labels: Labels): boolean {
  return Object.keys(selector).length > 0 && hasLabels(labels, selector);
}

/** A label selector with expressions; an empty one matches all. */
export function matchesSelector(
  labels: Labels,
  selector: LabelSelector,
): boolean {
  return hasLabels(labels, selector.matchLabels) &&
    selector.matchExpressions.every((term) => matchesTerm(labels, term));
}

function matchesTerm(
  labels: Labels,
  { key, operator, values }: LabelSelector["matchExpressions"][number],
): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
  }
}
