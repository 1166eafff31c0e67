import type { AccessLine } from "../access_log.ts";
import type { LabPod, Place } from "../places.ts";
import type { RequestLine } from "../request_log.ts";
import { greetingOf } from "../servers.ts";
import { type DemoMesh, HTTP_PORT } from "./mesh.ts";
import type { DemoPage } from "./page.ts";

/** Asks httpbin from there and claims that the answer came. */
export async function expectAnswer(
  page: DemoPage,
  mesh: DemoMesh,
  from: Place,
  statement: string,
) {
  const { stdout } = await page.run(mesh.lab, from, curl(targetUrl(mesh)));
  page.check(statement, stdout.includes(greetingOf(mesh.httpbin)));
}

/** Asks httpbin from there and claims that nothing came. */
export async function expectRefusal(
  page: DemoPage,
  mesh: DemoMesh,
  from: Place,
  statement: string,
) {
  const { code, stdout } = await page.run(
    mesh.lab,
    from,
    curl(targetUrl(mesh)),
  );
  page.check(statement, code !== 0 && stdout === "");
}

/** httpbin by its pod IP. */
export function targetUrl({ httpbin }: DemoMesh): string {
  return `http://${httpbin.ips[0]}:${HTTP_PORT}/`;
}

/** The command that the demo types for a URL. */
export function curl(url: string): string[] {
  return ["curl", "-sS", "--max-time", "5", url];
}

/** The SPIFFE ID that a pod proves itself by. */
export function identityOf({ namespace, serviceAccount }: LabPod): string {
  return `spiffe://cluster.local/ns/${namespace}/sa/${serviceAccount}`;
}

/** Picks the finished connections of a pod out of an access log. */
export function isFrom(pod: LabPod): (line: AccessLine) => boolean {
  return ({ message, fields }) =>
    message === "connection complete" && fields["src.workload"] === pod.name;
}

/** What the demo shows of an access-log line: who, to whom, by which way, with what end. */
const SHOWN_FIELDS = [
  "src.identity",
  "dst.addr",
  "dst.hbone_addr",
  "dst.service",
  "dst.identity",
  "waypoint.bypass",
  "error",
];

/** Prints an access-log line, a field per line. */
export function showLine(
  page: DemoPage,
  where: string,
  { level, message, fields }: AccessLine,
): void {
  page.print(`   ${where}:`);
  page.quote(`${level} ${message}`);
  for (const key of SHOWN_FIELDS) {
    if (fields[key] !== undefined) page.quote(`${key}=${fields[key]}`);
  }
}

/** Prints lines of a waypoint's access log, what matters of each. */
export function showRequests(
  page: DemoPage,
  lines: readonly RequestLine[],
): void {
  page.print("   waypoint's access log:");
  for (const { request, status, remote, policy, hairpinSource } of lines) {
    const by = policy === undefined ? "" : ` by policy ${policy}`;
    page.quote(`"${request}" ${status}${by}`);
    page.quote(`  from ${remote}`);
    if (hairpinSource !== undefined) {
      page.quote(`  sent round by the pod, for ${hairpinSource}`);
    }
  }
}
