import type {
  ExplainedWay,
  ExplainStep,
  Explanation,
} from "../model/explanation.ts";

/** An explanation as people read it, by lines. */
export function explanationLines(explanation: Explanation): string[] {
  const { from, to, verdict, because, ways, more } = explanation;
  const parts = ways.map((way, at) => {
    const title = `way ${at + 1} of ${more ? "more than " : ""}${ways.length}`;
    return ways.length === 1
      ? stepLines(way.steps)
      : [`${title}: ${outcomeOf(way)}`, ...stepLines(way.steps)];
  });
  return [
    `from     ${from}`,
    `to       ${to}`,
    `verdict  ${outcomeOf({ verdict, because })}`,
    ...parts.flatMap((lines) => ["", ...lines]),
  ];
}

const outcomeOf = (
  { verdict, because }: Pick<ExplainedWay, "verdict" | "because">,
): string => `${verdict}: ${because}`;

/** Under each place what is decided there. */
function stepLines(steps: readonly ExplainStep[]): string[] {
  const width = Math.max(0, ...steps.map(({ about }) => about.length));
  let place: string | undefined;
  return steps.flatMap(({ at, about, says }) => {
    const line = `    ${about.padEnd(width)}  ${says}`;
    const isNew = at !== place;
    place = at;
    return isNew ? [`  ${at}`, line] : [line];
  });
}
