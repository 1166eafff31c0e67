/**
 * Picks one item with a chance in proportion to its weight.
 *
 * @param weightOf 0 or more; an item of weight 0 is never picked.
 * @param random From 0 to below 1; called once, not at all when nothing can be picked.
 * @returns undefined when no item has any weight.
 */
export function pickWeighted<Item>(
  items: readonly Item[],
  weightOf: (item: Item) => number,
  random: () => number,
): Item | undefined {
  let total = 0;
  for (const item of items) total += weightOf(item);
  if (total <= 0) return undefined;
  let left = random() * total;
  let picked: Item | undefined;
  for (const item of items) {
    const weight = weightOf(item);
    if (weight <= 0) continue;
    picked = item;
    left -= weight;
    if (left < 0) break;
  }
  // Rounding can leave a crumb of the total after the last item, which then has it.
  return picked;
}
