/** The page of all metrics. */
import { HISTOGRAM_SERIES_MAX } from "../../src/telemetry/http_traffic.ts";
import { SERIES_MAX } from "../../src/telemetry/metrics.ts";
import type { FamilySnapshot } from "../../src/telemetry/openmetrics.ts";
import { type Group, metricGroups } from "./families.ts";
import { code, GENERATED, page, table } from "./markdown.ts";

const INTRODUCTION = `
# Metrics

\`GET /metrics\` of the stats listener (\`--stats\`, port 15020) and of the admin
listener (\`--admin\`) answers in the OpenMetrics text format. Names and labels
are Istio's where Istio has the figure: node mode reports as ztunnel does, with
\`reporter\` of \`source\` or \`destination\`, and a waypoint as Istio's
waypoints do, with \`reporter="waypoint"\`. A metric shows once it has a first
series; a waypoint's connections have no labels of region and zone.
"Received" is what the client sent and "sent" what the server sent,
whichever side reports.

A metric keeps at most ${SERIES_MAX} label sets a thread, a histogram of requests
${HISTOGRAM_SERIES_MAX}; further ones are counted under \`overflow="true"\`, and
\`hairpin_metrics_overflows_total\` says how often.
`;

/** The text of `metrics.md`, before it is formatted. */
export const metricsPage = (): string =>
  page(GENERATED, INTRODUCTION, ...metricGroups().map(groupText));

function groupText({ title, families }: Group): string {
  const sets = new Map<string, string>();
  const rows = families.map((family) => [
    code(shownName(family)),
    family.type,
    labelCell(family, sets),
    family.help,
  ]);
  const notes = Array.from(
    sets,
    ([labels, name]) => `**${name}**: ${labels}.`,
  );
  return page(
    `## ${title}`,
    table(["metric", "type", "labels", "meaning"], rows),
    ...notes,
  );
}

/** Labels above this number stand below the table, once for all that have the same. */
const LABELS_IN_CELL_MAX = 4;

function labelCell(family: FamilySnapshot, sets: Map<string, string>): string {
  const names = labelNames(family);
  const text = names.map(code).join(", ");
  if (names.length <= LABELS_IN_CELL_MAX) return text;
  const known = sets.get(text) ?? `labels ${"ABC"[sets.size]}`;
  sets.set(text, known);
  return known;
}

/** Label names of the series there is; the metric has the same in all. */
function labelNames({ series }: FamilySnapshot): readonly string[] {
  const [labels = ""] = series[0] ?? [];
  return Array.from(labels.matchAll(/(\w+)="/g), ([, name]) => name!);
}

/** The name that a query has to use. */
const shownName = ({ name, type }: FamilySnapshot): string =>
  type === "counter" ? `${name}_total` : name;
