import { deepEqual, equal, throws } from "node:assert/strict";
import { AssertionError } from "../../src/base/assert.ts";
import {
  mergeSnapshots,
  OVERFLOW_LABELS,
  Registry,
  renderOpenMetrics,
} from "../../src/telemetry/metrics.ts";

Deno.test("renderOpenMetrics() writes every kind of metric", () => {
  const registry = new Registry();
  const messages = registry.counter({
    name: "istio_xds_message",
    help: "Messages received",
  });
  messages.with({ url: "a" }).value += 2;
  messages.with({ url: 'b"\\\n' }).value += 1;
  registry.counter({ name: "never", help: "Without series" });
  registry.gauge({ name: "memory_bytes", help: "Memory", unit: "bytes" })
    .with().value = 1.5;
  const delay = registry.histogram(
    { name: "delay_seconds", help: "Delay", unit: "seconds" },
    [0.5, 5],
  ).with({ worker: "w" });
  for (const seconds of [0.25, 0.5, 3, 7]) delay.observe(seconds);
  equal(
    renderOpenMetrics(registry.snapshot()),
    `# HELP istio_xds_message Messages received.
# TYPE istio_xds_message counter
istio_xds_message_total{url="a"} 2
istio_xds_message_total{url="b\\"\\\\\\n"} 1
# HELP memory_bytes Memory.
# TYPE memory_bytes gauge
# UNIT memory_bytes bytes
memory_bytes 1.5
# HELP delay_seconds Delay.
# TYPE delay_seconds histogram
# UNIT delay_seconds seconds
delay_seconds_bucket{worker="w",le="0.5"} 2
delay_seconds_bucket{worker="w",le="5.0"} 3
delay_seconds_bucket{worker="w",le="+Inf"} 4
delay_seconds_sum{worker="w"} 10.75
delay_seconds_count{worker="w"} 4
# EOF
`,
  );
});

Deno.test("renderOpenMetrics() writes infinities as OpenMetrics spells them", () => {
  const registry = new Registry();
  const gauge = registry.gauge({ name: "limits", help: "Limits" });
  gauge.with({ way: "up" }).value = Infinity;
  gauge.with({ way: "down" }).value = -Infinity;
  gauge.with({ way: "none" }).value = NaN;
  const text = renderOpenMetrics(registry.snapshot());
  deepEqual(text.match(/(?<=} ).*/g), ["+Inf", "-Inf", "NaN"]);
});

Deno.test("renderOpenMetrics() of nothing is the end mark", () => {
  equal(renderOpenMetrics(new Registry().snapshot()), "# EOF\n");
});

Deno.test("Family.with() returns one cell for one label set", () => {
  const family = new Registry().counter({ name: "hits", help: "Hits" });
  const cell = family.with({ a: "1", b: "2" });
  cell.value += 3;
  equal(family.with({ a: "1", b: "2" }), cell);
  equal(family.at('a="1",b="2"'), cell);
  equal(family.with({ a: "1" }).value, 0);
});

Deno.test("Family.delete() takes a series out of the exposition", () => {
  const registry = new Registry();
  const family = registry.gauge({ name: "pods", help: "Pods" });
  family.with({ pod: "a" }).value = 1;
  family.delete({ pod: "a" });
  equal(renderOpenMetrics(registry.snapshot()), "# EOF\n");
});

Deno.test("Family.with() counts label sets past the limit together, and says so", () => {
  const registry = new Registry();
  const family = registry.counter({ name: "hits", help: "Hits", seriesMax: 2 });
  for (const peer of ["a", "b", "c", "d"]) family.with({ peer }).value += 1;
  family.with({ peer: "a" }).value += 1;
  const values = registry.snapshot().map((f) => [f.name, f.series]);
  deepEqual(values, [
    ["hairpin_metrics_overflows", [['metric="hits"', 2]]],
    ["hits", [['peer="a"', 2], ['peer="b"', 1], [OVERFLOW_LABELS, 2]]],
  ]);
});

Deno.test("Registry.onSnapshot() runs before the values are read", () => {
  const registry = new Registry();
  const gauge = registry.gauge({ name: "now", help: "Now" });
  let time = 7;
  registry.onSnapshot(() => gauge.with().value = time++);
  registry.snapshot();
  deepEqual(registry.snapshot().at(-1)!.series, [["", 8]]);
});

const refusedOptions = [
  { name: "hits_total", help: "Hits" },
  { name: "hits", help: "Hits." },
  { name: "hits", help: "Hits", unit: "bytes" },
  { name: "Hits-1", help: "Hits" },
  { name: "taken", help: "Hits" },
];
for (const options of refusedOptions) {
  Deno.test(`Registry refuses ${JSON.stringify(options)}`, () => {
    const registry = new Registry();
    registry.gauge({ name: "taken", help: "Taken" });
    throws(() => registry.counter(options), AssertionError);
  });
}

function threadSnapshot(hits: Record<string, number>, delays: number[]) {
  const registry = new Registry();
  const counter = registry.counter({ name: "hits", help: "Hits" });
  for (const peer in hits) counter.with({ peer }).value += hits[peer]!;
  const delay = registry.histogram({ name: "delay", help: "Delay" }, [1]);
  for (const d of delays) delay.with().observe(d);
  return structuredClone(registry.snapshot());
}

Deno.test("mergeSnapshots() adds up what threads counted", () => {
  const merged = mergeSnapshots([
    threadSnapshot({ a: 1, b: 2 }, [0.5]),
    threadSnapshot({ b: 3, c: 4 }, [0.5, 2]),
  ]);
  deepEqual(merged.filter((f) => f.series.length > 0).map((f) => f.series), [
    [['peer="a"', 1], ['peer="b"', 5], ['peer="c"', 4]],
    [["", { counts: [2, 1], sum: 3 }]],
  ]);
});
