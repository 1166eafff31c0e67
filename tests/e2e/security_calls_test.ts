/** Calls to the proxy's own ports, from everywhere: each is cut, none comes round again, none leaves anything open. */
import assert from "node:assert/strict";
import {
  type HairpinProcess,
  type LabPod,
  type Place,
  urlHost,
} from "../lab/mod.ts";
import { AccessTail, call } from "./calls.ts";
import { eventually, type Mesh, shareMesh } from "./support.ts";

const meshTest = shareMesh();

const OUTBOUND = 15_001;
const PLAINTEXT = 15_006;
const HBONE = 15_008;

const SELF_CALL = "attempted recursive call to ourselves";
const NO_TLS = /^tls handshake error: received corrupt message/;
const UNAVAILABLE = "http status: 503 Service Unavailable";
const NOBODY_THERE = "io error: Connection refused (os error 111)";

/** curl's codes for a connection that was refused or cut, TLS where it expects HTTP included. */
const CUT_OFF_CODES = [1, 7, 52, 55, 56];

interface Row {
  readonly title: string;
  readonly from: (mesh: Mesh) => Place;
  readonly to: (mesh: Mesh) => string;
  /** What both proxies together log, in any order, by port. */
  readonly errors: Readonly<
    Record<
      typeof OUTBOUND | typeof PLAINTEXT | typeof HBONE,
      readonly (string | RegExp)[]
    >
  >;
}

const inPod = ({ sleep }: Mesh): Place => sleep;
const outside = ({ lab }: Mesh): Place => lab.outsider;
const onNode = ({ lab }: Mesh): Place => lab.node("node-1");

const ipv4 = ({ ips }: LabPod): string => ips[0] ?? "";
const ipv6 = ({ ips }: LabPod): string => ips[1] ?? "";
const ownIpv4 = ({ sleep }: Mesh) => ipv4(sleep);

/** The same on all three ports. */
const always = (...errors: readonly (string | RegExp)[]) => ({
  [OUTBOUND]: errors,
  [PLAINTEXT]: errors,
  [HBONE]: errors,
});

/** A pod's ports as they are met without a way through the mesh. */
const directly = { ...always(SELF_CALL), [HBONE]: [NO_TLS] };

const ROWS: readonly Row[] = [
  {
    title: "a pod's loopback",
    from: inPod,
    to: () => "127.0.0.1",
    errors: directly,
  },
  {
    title: "a pod's IPv6 loopback",
    from: inPod,
    to: () => "::1",
    errors: directly,
  },
  {
    title: "a pod's own address, from inside",
    from: inPod,
    to: ownIpv4,
    errors: { ...directly, [OUTBOUND]: [SELF_CALL, UNAVAILABLE] },
  },
  {
    title: "a pod's own IPv6 address, from inside",
    from: inPod,
    to: ({ sleep }) => ipv6(sleep),
    errors: { ...directly, [OUTBOUND]: [SELF_CALL, UNAVAILABLE] },
  },
  {
    title: "a pod of the same node",
    from: inPod,
    to: ({ notsleep }) => ipv4(notsleep),
    errors: always(SELF_CALL, UNAVAILABLE),
  },
  {
    title: "a pod of another node",
    from: inPod,
    to: ({ httpbin }) => ipv4(httpbin),
    errors: always(SELF_CALL, UNAVAILABLE),
  },
  {
    title: "a service",
    from: inPod,
    to: ({ services }) => services.httpbin.vips[0],
    errors: always(/^no healthy upstream: 10\.96\./),
  },
  {
    title: "a pod's own node",
    from: inPod,
    to: ({ lab }) => lab.node("node-1").ips[0] ?? "",
    errors: always(NOBODY_THERE),
  },
  {
    title: "another node",
    from: inPod,
    to: ({ lab }) => lab.node("node-2").ips[0] ?? "",
    errors: always(NOBODY_THERE),
  },
  {
    title: "a pod, from outside",
    from: outside,
    to: ownIpv4,
    errors: directly,
  },
  {
    title: "a pod by IPv6, from outside",
    from: outside,
    to: ({ sleep }) => ipv6(sleep),
    errors: directly,
  },
  {
    title: "a node, from outside",
    from: outside,
    to: ({ lab }) => lab.node("node-1").ips[0] ?? "",
    errors: always(),
  },
  {
    title: "a pod, from its node",
    from: onNode,
    to: ownIpv4,
    errors: { ...directly, [OUTBOUND]: [SELF_CALL, UNAVAILABLE] },
  },
  {
    title: "a node, from itself",
    from: onNode,
    to: () => "127.0.0.1",
    errors: always(),
  },
];

meshTest("before anything malicious the mesh answers", async (mesh) => {
  const reply = await call(mesh.lab, mesh.sleep, mesh.urlOf(mesh.httpbin));
  assert.equal(reply.status, 200);
});

for (const { title, from, to, errors } of ROWS) {
  meshTest(`calls to the proxy's ports by ${title} are cut`, async (mesh) => {
    for (const port of [OUTBOUND, PLAINTEXT, HBONE] as const) {
      const tails = mesh.proxies.map((proxy) => new AccessTail(proxy));
      const url = `http://${urlHost(to(mesh))}:${port}/`;
      const reply = await call(mesh.lab, from(mesh), url);
      assert.equal(reply.status, 0, url);
      assert.ok(
        CUT_OFF_CODES.includes(reply.curlCode),
        `${url}: ${reply.curlCode}`,
      );
      await untilLogged(tails, errors[port]);
    }
  });
}

meshTest(
  "calls that are cut leave no descriptor open, and the mesh as it was",
  async (mesh) => {
    await callAll(mesh); // what is opened once and kept is open after this
    const before = mesh.proxies.map(descriptorsOf);
    for (let round = 0; round < 3; round++) await callAll(mesh);
    await eventually("no more descriptors than before", () => {
      const after = mesh.proxies.map(descriptorsOf);
      const grown = after.some((count, at) => count > (before[at] ?? 0));
      return Promise.resolve(!grown);
    });
    const reply = await call(mesh.lab, mesh.sleep, mesh.urlOf(mesh.httpbin));
    assert.equal(reply.status, 200);
  },
);

async function callAll(mesh: Mesh): Promise<void> {
  await Promise.all(
    ROWS.flatMap(({ from, to }) =>
      [OUTBOUND, PLAINTEXT, HBONE].map((port) =>
        call(mesh.lab, from(mesh), `http://${urlHost(to(mesh))}:${port}/`)
      )
    ),
  );
}

/** Waits for just these errors; a call that came round again would add more. */
async function untilLogged(
  tails: readonly AccessTail[],
  wanted: readonly (string | RegExp)[],
): Promise<void> {
  const errors = () =>
    tails.flatMap(({ lines }) => lines).map(({ fields }) => fields["error"])
      .filter((error) => error !== undefined);
  const isThere = (want: string | RegExp) =>
    errors().some((error) =>
      typeof want === "string" ? error === want : want.test(error)
    );
  await eventually(
    `errors ${wanted.join(" and ")}`,
    () => Promise.resolve(wanted.every(isThere)),
  );
  assert.equal(errors().length, wanted.length, errors().join("; "));
}

const descriptorsOf = ({ process }: HairpinProcess): number =>
  [...Deno.readDirSync(`/proc/${process.pid}/fd`)].length;
