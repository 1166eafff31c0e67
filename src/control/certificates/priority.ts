/** How urgently a certificate is wanted. */
export type Priority = "realTime" | "warmup" | "background";

const RANK: Readonly<Record<Priority, number>> = {
  realTime: 2,
  warmup: 1,
  background: 0,
};

/** The more urgent of two. */
export function moreUrgent(a: Priority, b: Priority): Priority {
  return RANK[a] >= RANK[b] ? a : b;
}

/**
 * Takes the most urgent one out, of equally urgent ones the first.
 *
 * @returns undefined when there is none.
 */
export function takeMostUrgent<T extends { readonly priority: Priority }>(
  waiting: T[],
): T | undefined {
  let best = 0;
  for (let i = 1; i < waiting.length; i++) {
    if (RANK[waiting[i]!.priority] > RANK[waiting[best]!.priority]) best = i;
  }
  return waiting.splice(best, 1)[0];
}
