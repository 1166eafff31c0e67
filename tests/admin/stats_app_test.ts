import { deepEqual, equal } from "node:assert/strict";
import {
  brotliDecompressSync,
  gunzipSync,
  inflateSync,
  zstdDecompressSync,
} from "node:zlib";
import { pickEncoding } from "../../src/admin/compression.ts";
import { statsApp } from "../../src/admin/stats_app.ts";
import { Registry } from "../../src/telemetry/metrics.ts";

function appWith(series: number) {
  const registry = new Registry();
  const hits = registry.counter({ name: "hits", help: "Hits" });
  for (let i = 0; i < series; i++) hits.with({ peer: `${i}` }).value = i;
  return statsApp({ metrics: () => Promise.resolve(registry.snapshot()) });
}

const OPEN_METRICS = "application/openmetrics-text;charset=utf-8;version=1.0.0";
const PLAIN = "text/plain; charset=utf-8";
const types: [accept: string | undefined, type: string][] = [
  [undefined, PLAIN],
  ["*/*", PLAIN],
  ["text/plain;version=0.0.4", PLAIN],
  [
    "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.9",
    OPEN_METRICS,
  ],
];
for (const [accept, type] of types) {
  Deno.test(`metrics for Accept ${accept} are ${type}`, async () => {
    const headers: HeadersInit = accept === undefined ? {} : { accept };
    const response = await appWith(1).request("/metrics", { headers });
    equal(response.headers.get("content-type"), type);
    equal(
      (await response.text()).endsWith('hits_total{peer="0"} 0\n# EOF\n'),
      true,
    );
  });
}

Deno.test("metrics are served under both paths, for any method, and nowhere else", async () => {
  const app = appWith(1);
  const get = (path: string, method = "GET") => app.request(path, { method });
  const statuses = await Promise.all([
    get("/metrics"),
    get("/stats/prometheus"),
    get("/metrics", "POST"),
    get("/"),
    get("/config_dump"),
  ]);
  deepEqual(statuses.map((r) => r.status), [200, 200, 200, 404, 404]);
  equal(await statuses[3]!.text(), "");
});

const decoders = {
  gzip: gunzipSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
  deflate: inflateSync,
};
for (const [encoding, decode] of Object.entries(decoders)) {
  Deno.test(`metrics are compressed with ${encoding} on request`, async () => {
    const app = appWith(200);
    const plain = await (await app.request("/metrics")).text();
    const response = await app.request("/metrics", {
      headers: { "accept-encoding": encoding },
    });
    equal(response.headers.get("content-encoding"), encoding);
    const octets = new Uint8Array(await response.arrayBuffer());
    equal(octets.length < plain.length, true);
    equal(new TextDecoder().decode(decode(octets)), plain);
  });
}

Deno.test("metrics that are short are not compressed", async () => {
  const response = await appWith(1).request("/metrics", {
    headers: { "accept-encoding": "gzip" },
  });
  equal(response.headers.get("content-encoding"), null);
  equal(response.headers.get("vary"), "accept-encoding");
});

const picks: [header: string, encoding: string | undefined][] = [
  ["", undefined],
  ["identity", undefined],
  ["gzip", "gzip"],
  ["gzip;q=0", undefined],
  ["br;q=0.5, gzip;q=0.9", "gzip"],
  ["deflate, br, gzip, zstd", "zstd"],
  ["*", "zstd"],
  ["zstd;q=0, *;q=0.1", "gzip"],
];
for (const [header, encoding] of picks) {
  Deno.test(`pickEncoding() takes ${encoding} from "${header}"`, () => {
    equal(pickEncoding(header), encoding);
  });
}
