import { flowsOf, isTls, showsText, WireCapture } from "../capture.ts";
import { greetingOf } from "../servers.ts";
import { type DemoMesh, HTTP_PORT, type Proxies } from "./mesh.ts";
import type { DemoPage } from "./page.ts";
import { curl, identityOf, isFrom, showLine } from "./requests.ts";

const TUNNEL_PORT = 15008;

/** sleep calls httpbin by address. */
export async function requestByPodIp(
  page: DemoPage,
  mesh: DemoMesh,
  { client }: Proxies,
) {
  page.step(
    "A request by pod IP",
    "sleep on node-1 calls httpbin on node-2. Nothing in the pods knows of a mesh.",
  );
  const { lab, sleep, httpbin } = mesh;
  const reply = await page.run(
    lab,
    sleep,
    curl(`http://${httpbin.ips[0]}:${HTTP_PORT}/`),
  );
  page.check(
    "the request by pod IP is answered",
    reply.stdout.includes(greetingOf(httpbin)),
  );
  const peer = await page.run(
    lab,
    sleep,
    curl(`http://${httpbin.ips[0]}:${HTTP_PORT}/ip`),
  );
  page.check(
    "httpbin sees sleep's own address",
    peer.stdout.trim() === sleep.ips[0],
  );
  const line = await client.untilAccess("sleep to httpbin", isFrom(sleep));
  showLine(page, "node-1's access log", line);
  const { "src.identity": source, "dst.identity": destination } = line.fields;
  page.check(
    "both ends proved who they are",
    source === identityOf(sleep) && destination === identityOf(httpbin),
  );
}

/** sleep calls httpbin by cluster IP. */
export async function requestByService(
  page: DemoPage,
  mesh: DemoMesh,
  { client }: Proxies,
) {
  const { lab, sleep, httpbin, service } = mesh;
  page.step(
    "A request by service",
    `${
      service.vips[0]
    } exists nowhere: only the proxy knows whom it stands for.`,
  );
  const reply = await page.run(
    lab,
    sleep,
    curl(`http://${service.vips[0]}:${HTTP_PORT}/`),
  );
  page.check(
    "the request by VIP is answered",
    reply.stdout.includes(greetingOf(httpbin)),
  );
  const line = await client.untilAccess(
    "to the service",
    (line) => isFrom(sleep)(line) && line.fields["dst.service"] !== undefined,
  );
  const { "dst.service": host, "dst.workload": workload } = line.fields;
  showLine(page, "node-1's access log", line);
  page.check(`${host} was sent to ${workload}`, workload === httpbin.name);
}

/** What a listener between the nodes sees, of the mesh and of an outsider. */
export async function showWire(
  page: DemoPage,
  { lab, sleep, httpbin }: DemoMesh,
) {
  page.step(
    "What the wire between the nodes carries",
    "tcpdump listens there while sleep (in the mesh) and the outsider (not in it) ask the same.",
  );
  const url = `http://${httpbin.ips[0]}:${HTTP_PORT}/`;
  const ofMesh = await WireCapture.start(lab, "wire-mesh");
  await page.run(lab, sleep, curl(url));
  const tunnel = await ofMesh.stop();
  const flows = flowsOf(tunnel);
  for (const flow of flows) {
    page.quote(
      `${flow.from} > ${flow.to}: ${flow.octets.length} octets, ${
        isTls(flow) ? "TLS" : "NOT TLS"
      }`,
    );
  }
  const isTunnel = ({ from, to }: { from: string; to: string }) =>
    [from, to].some((end) => end.endsWith(`:${TUNNEL_PORT}`));
  page.check(
    "from sleep, all is TLS to or from port 15008",
    flows.length > 0 && flows.every((flow) => isTls(flow) && isTunnel(flow)),
  );
  page.check(
    "from sleep, neither request nor answer can be read",
    !showsText(tunnel, "GET /") && !showsText(tunnel, greetingOf(httpbin)),
  );
  const ofOutsider = await WireCapture.start(lab, "wire-outsider");
  await page.run(lab, lab.outsider, curl(url));
  page.check(
    "from the outsider, the same capture reads the answer",
    showsText(await ofOutsider.stop(), greetingOf(httpbin)),
  );
}

/** iperf3 between the pods. */
export async function showThroughput(
  page: DemoPage,
  { lab, sleep, httpbin }: DemoMesh,
) {
  page.step("Bulk", "iperf3 for two seconds through the tunnel.");
  const [target = ""] = httpbin.ips;
  const result = await page.run(lab, sleep, [
    "iperf3",
    "-c",
    target,
    "-t",
    "2",
    "-f",
    "m",
    "-i",
    "0",
  ]);
  page.check("iperf3 runs through the mesh", result.code === 0);
}
