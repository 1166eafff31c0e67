/** Conditions as the API server keeps them. */

/** A condition without the times that only a writer knows. */
export interface WantedCondition {
  readonly type: string;
  readonly status: "True" | "False";
  readonly reason: string;
  readonly message: string;
}

/** When a status is written, and for which form of the object. */
export interface Writing {
  /** `metadata.generation` of the object that the status is about. */
  readonly generation: number;
  /** RFC 3339, in whole seconds. */
  readonly now: string;
}

export interface Condition extends WantedCondition {
  readonly observedGeneration: number;
  readonly lastTransitionTime: string;
}

/** Longest message of a condition, in characters. Source: Kubernetes' own definition. */
const MESSAGE_LENGTH_MAX = 32_768;

/**
 * The conditions as they are to be: the wanted ones, and those that others
 * added, in the order in which they stand. Without a change of its status a
 * condition keeps its time.
 *
 * @param current As the API server has it, which is not checked yet.
 * @param keepsOthers Default true.
 */
export function mergeConditions(
  current: unknown,
  wanted: readonly WantedCondition[],
  { generation, now, keepsOthers = true }: Writing & {
    readonly keepsOthers?: boolean;
  },
): unknown[] {
  const left = new Map(wanted.map((condition) => [condition.type, condition]));
  const written = (condition: WantedCondition, before: unknown): Condition => {
    const { status, lastTransitionTime } = (before ?? {}) as Partial<Condition>;
    const unchanged = status === condition.status &&
      typeof lastTransitionTime === "string";
    return {
      ...condition,
      message: condition.message.slice(0, MESSAGE_LENGTH_MAX),
      observedGeneration: generation,
      lastTransitionTime: unchanged ? lastTransitionTime : now,
    };
  };
  const kept = mappings(current).flatMap((before): unknown[] => {
    const condition = left.get(String(before.type));
    if (condition === undefined) return keepsOthers ? [before] : [];
    left.delete(condition.type);
    return [written(condition, before)];
  });
  return [...kept, ...[...left.values()].map((c) => written(c, undefined))];
}

/** The mappings of what should be a list of them. */
export const mappings = (value: unknown): Record<string, unknown>[] =>
  Array.isArray(value)
    ? value.filter((item) =>
      typeof item === "object" && item !== null && !Array.isArray(item)
    )
    : [];
