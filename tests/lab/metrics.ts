/** One sample of a metrics page. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The samples of an OpenMetrics or Prometheus text; comments are passed over. */
export function parseMetrics(text: string): Sample[] {
  return text.split("\n").map(parseSample).filter((sample) =>
    sample !== undefined
  );
}

/** The sum of all samples of that name whose labels include those given. */
export function sumSamples(
  samples: readonly Sample[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  const wanted = Object.entries(labels);
  const hits = samples.filter((sample) =>
    sample.name === name &&
    wanted.every(([key, value]) => sample.labels[key] === value)
  );
  return hits.reduce((sum, sample) => sum + sample.value, 0);
}

function parseSample(line: string): Sample | undefined {
  const found = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line);
  const [, name, labels, value] = found ?? [];
  if (name === undefined || value === undefined) return undefined;
  return { name, labels: parseLabels(labels ?? ""), value: Number(value) };
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [, key, value] of text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
    if (key !== undefined && value !== undefined) {
      labels[key] = value.replaceAll(/\\(.)/g, "$1");
    }
  }
  return labels;
}
