import { type Sample, sumSamples } from "../metrics.ts";
import { type DemoMesh, type Proxies } from "./mesh.ts";
import type { DemoPage } from "./page.ts";
import { identityOf } from "./requests.ts";

/** What the requests above left in the metrics. */
export async function showMetrics(
  page: DemoPage,
  mesh: DemoMesh,
  { server }: Proxies,
) {
  page.step(
    "Metrics",
    "The names and labels of Istio's dashboards, at :15020/metrics.",
  );
  page.say(mesh.lab, server.place, [
    "curl",
    "-s",
    "http://127.0.0.1:15020/metrics",
  ]);
  const opened = "istio_tcp_connections_opened_total";
  const samples = await server.metrics();
  for (const sample of samples.filter((sample) => sample.name === opened)) {
    page.quote(shortSample(sample));
  }
  const count = (labels: Record<string, string>) =>
    sumSamples(samples, opened, { reporter: "destination", ...labels });
  const mutual = count({
    connection_security_policy: "mutual_tls",
    source_workload: mesh.sleep.name,
  });
  page.check(`sleep's ${mutual} connections count as mutual TLS`, mutual > 0);
  const refused = sumSamples(samples, "istio_tcp_connections_failed_total", {
    response_flags: "DENY",
  });
  page.check(`${refused} refusals count with flag DENY`, refused > 0);
}

/** What the proxy knows. */
export async function showConfiguration(
  page: DemoPage,
  mesh: DemoMesh,
  { server }: Proxies,
) {
  page.step(
    "Configuration",
    "GET :15000/config_dump, in ztunnel's shape: istioctl reads it.",
  );
  page.say(mesh.lab, server.place, [
    "curl",
    "-s",
    "http://127.0.0.1:15000/config_dump",
  ]);
  const { workloads, services, certificates } = await server.configDump();
  for (const { name, namespace, workloadIps, protocol } of workloads) {
    page.quote(
      `workload     ${namespace}/${name}  ${
        workloadIps.join(" ")
      }  ${protocol}`,
    );
  }
  for (const { hostname, vips } of services) {
    page.quote(`service      ${hostname}  ${vips.join(" ")}`);
  }
  for (const { identity, state } of certificates) {
    page.quote(`certificate  ${identity}  ${state}`);
  }
  const names = workloads.map((workload) => workload.name).sort().join(" ");
  page.check(
    "the dump shows the four workloads",
    names === "httpbin notsleep sleep waypoint",
  );
  const own = certificates.find(({ identity }) =>
    identity === identityOf(mesh.httpbin)
  );
  page.check("node-2 holds httpbin's certificate", own?.state === "Available");
}

/** A sample without the labels that say nothing here. */
function shortSample({ name, labels, value }: Sample): string {
  const shown = [
    "reporter",
    "source_workload",
    "destination_workload",
    "connection_security_policy",
  ];
  const pairs = shown.map((label) => `${label}="${labels[label]}"`);
  return `${name}{${pairs.join(",")},…} ${value}`;
}
