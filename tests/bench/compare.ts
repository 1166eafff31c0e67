/** What became worse from one commit to another, each measured beside the same others. */
import { type Figure, median } from "./figures.ts";

/** A ratio that fell to this, or a cost that rose as much, is told of: a fifth. */
const FALLEN = 0.8;

/** Units of which more is better; of all others, less is. */
const GAINS: ReadonlySet<string> = new Set(["Gbit/s", "1/s"]);

/** Of which subject the ratios are. */
const SUBJECT = "hairpin";

/**
 * A line for each ratio of hairpin to another that is worse by a fifth or more.
 * Ratios are compared, not figures: machines differ, and so do their days.
 */
export function worsened(
  now: readonly Figure[],
  before: readonly Figure[],
): string[] {
  const then = ratiosOf(before);
  return [...ratiosOf(now)].flatMap(([name, { ratio, gains }]) => {
    const was = then.get(name)?.ratio ?? NaN;
    const change = gains ? ratio / was : was / ratio;
    return change <= FALLEN
      ? [`worse: ${name} ${ratio.toFixed(2)}x, was ${was.toFixed(2)}x`]
      : [];
  });
}

interface Ratio {
  readonly ratio: number;
  readonly gains: boolean;
}

function ratiosOf(figures: readonly Figure[]): Map<string, Ratio> {
  const rows = Map.groupBy(
    figures,
    ({ benchmark, metric }) => `${benchmark}, ${metric}`,
  );
  const ratios = new Map<string, Ratio>();
  for (const [row, ofRow] of rows) {
    const own = ofRow.find(({ subject }) => subject === SUBJECT);
    if (own === undefined) continue;
    for (const { subject, rounds } of ofRow.filter((one) => one !== own)) {
      ratios.set(`${row}: ${SUBJECT}/${subject}`, {
        ratio: median(own.rounds) / median(rounds),
        gains: GAINS.has(own.unit),
      });
    }
  }
  return ratios;
}
