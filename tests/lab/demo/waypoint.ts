import { changeMesh } from "../change.ts";
import type { LabPod, Place } from "../places.ts";
import type { RequestLine } from "../request_log.ts";
import { greetingOf, secretOf } from "../servers.ts";
import { WAYPOINT_LABEL } from "../waypoint.ts";
import { type DemoMesh, HTTP_PORT, POLICIES, type Proxies } from "./mesh.ts";
import type { DemoPage } from "./page.ts";
import {
  curl,
  identityOf,
  isFrom,
  showLine,
  showRequests,
} from "./requests.ts";

const DENIAL = "RBAC: access denied";
const POLICY = "default/deny-secret";

/** A waypoint comes in front of httpbin, and a rule about requests with it. */
export async function passWaypoint(
  page: DemoPage,
  mesh: DemoMesh,
  proxies: Proxies,
) {
  page.step(
    "A rule about requests, at a waypoint",
    "A label on the service puts the waypoint in front of httpbin: it reads HTTP, and may judge paths.",
  );
  const { lab, sleep, httpbin, service, waypoint } = mesh;
  const [pod = ""] = httpbin.ips;
  const secret = await ask(page, mesh, {
    from: lab.outsider,
    to: pod,
    path: "/private",
  });
  page.check(
    "until now, the outsider reads /private",
    secret.includes(secretOf(httpbin)),
  );
  page.quote(`Service httpbin: metadata.labels["${WAYPOINT_LABEL}"]: waypoint`);
  page.quote(POLICIES["deny-secret"]);
  await putInFront(mesh, proxies);
  const [vip] = service.vips;
  const open = await ask(page, mesh, { from: sleep, to: vip, path: "/" });
  page.check(
    "through the waypoint, sleep is answered",
    open.includes(greetingOf(httpbin)),
  );
  const shut = await ask(page, mesh, {
    from: sleep,
    to: vip,
    path: "/private",
  });
  page.check("at the waypoint, /private is denied", shut.includes(DENIAL));
  const line = await proxies.client.untilAccess(
    "sleep to the waypoint",
    (line) =>
      isFrom(sleep)(line) && line.fields["dst.workload"] === waypoint.name,
  );
  showLine(page, "node-1's access log", line);
  page.check(
    "the tunnel for httpbin ended at the waypoint, which proved who it is",
    line.fields["dst.identity"] === identityOf(waypoint),
  );
  const denied = await proxies.waypoint.untilRequest(
    "sleep's /private",
    (line) => isRequest(line, sleep, "/private"),
  );
  showRequests(page, [denied]);
  page.check(
    "the waypoint's log names the policy",
    denied.status === 403 && denied.policy === POLICY,
  );
}

/** Who goes past the waypoint is sent round to it; then the waypoint goes. */
export async function turnToWaypoint(
  page: DemoPage,
  mesh: DemoMesh,
  proxies: Proxies,
) {
  page.step(
    "Past the waypoint, and round to it",
    "The pod's own address leads to no waypoint. httpbin's node sends what comes that way round to it.",
  );
  const { lab, sleep } = mesh;
  const outsider = { ...lab.outsider, name: "the outsider" };
  await claimTurned(page, mesh, proxies, outsider);
  await claimTurned(page, mesh, proxies, sleep, identityOf(sleep));
  await takeAway(mesh, proxies);
}

/** Calls httpbin by its pod IP, and claims that the waypoint decided all the same. */
async function claimTurned(
  page: DemoPage,
  mesh: DemoMesh,
  proxies: Proxies,
  from: Caller,
  proved = "unknown",
) {
  const { httpbin } = mesh;
  const [to = ""] = httpbin.ips;
  const open = await ask(page, mesh, { from, to, path: "/" });
  const shut = await ask(page, mesh, { from, to, path: "/private" });
  page.check(
    `${from.name}, who calls the pod, gets / and is denied /private`,
    open.includes(greetingOf(httpbin)) && shut.includes(DENIAL),
  );
  const line = await proxies.server.untilAccess(
    `${from.name} sent round`,
    ({ fields }) =>
      isFromAddress(from, fields["src.addr"]) &&
      fields["waypoint.bypass"] === "hairpin",
  );
  showLine(page, "node-2's access log", line);
  const requests = await Promise.all(
    ["/", "/private"].map((path) =>
      proxies.waypoint.untilRequest(
        `${from.name}'s ${path}`,
        (line) => isTurned(line) && isRequest(line, from, path),
      )
    ),
  );
  showRequests(page, requests);
  const sources = requests.map((line) => line.hairpinSource);
  page.check(
    proved === "unknown"
      ? `the waypoint judged ${from.name} by address, without an identity`
      : `the waypoint judged ${from.name} by the identity that the pod saw proved`,
    sources.every((source) => source === proved),
  );
}

/** Who asks: a pod, or somebody outside the mesh. */
type Caller = Place & Pick<LabPod, "name" | "ips">;

/** What came back: a greeting, a secret or a denial. */
async function ask(
  page: DemoPage,
  { lab }: DemoMesh,
  { from, to, path }: { from: Place; to: string; path: string },
): Promise<string> {
  const url = `http://${to}:${HTTP_PORT}${path}`;
  return (await page.run(lab, from, curl(url))).stdout;
}

const isTurned = ({ hairpinSource }: RequestLine) =>
  hairpinSource !== undefined;

const isRequest = (line: RequestLine, from: Caller, path: string) =>
  line.request === `GET ${path} HTTP/1.1` && isFromAddress(from, line.remote);

const isFromAddress = ({ ips }: Caller, address = "") =>
  ips.some((ip) => address.startsWith(`${ip}:`));

/** The policy first: by the time that requests get there, it is in force. */
async function putInFront(
  { lab, service }: DemoMesh,
  { client, server, waypoint }: Proxies,
): Promise<void> {
  await lab.apply("deny-secret", POLICIES["deny-secret"]);
  const labels = { ...service.labels, [WAYPOINT_LABEL]: "waypoint" };
  await changeMesh(
    [client, server, waypoint],
    "the waypoint in front",
    () => lab.applyService({ ...service, labels }),
  );
}

async function takeAway(
  { lab, service }: DemoMesh,
  { client, server, waypoint }: Proxies,
): Promise<void> {
  await changeMesh(
    [client, server, waypoint],
    "the waypoint gone",
    () => lab.applyService(service),
  );
  await lab.delete("deny-secret");
}
