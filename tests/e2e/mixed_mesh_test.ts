/** Connections between pods of hairpin's node and pods of ztunnel's, in one mesh under istiod. */
import assert from "node:assert/strict";
import {
  type AccessLine,
  greetingOf,
  type LabPod,
  type Place,
  urlHost,
} from "../lab/mod.ts";
import { AccessTail, identityOf } from "./calls.ts";
import {
  type Crossing,
  CROSSINGS,
  ip,
  type MixedMesh,
  type Side,
} from "./mixed_mesh_support.ts";
import { shareMixedMesh } from "./mixed_mesh_table.ts";
import { callPeer, startPeerServer } from "./peers.ts";
import { HTTP_PORT } from "./support.ts";

const rowTest = shareMixedMesh();

const MIB = 1 << 20;
const BULK_OCTETS = 256 * MIB;
const SHORT_COUNT = 1_000;
const PARALLEL = 20;

/** Every address of a server, and the pod's own address of that family. */
const ADDRESSES: readonly [
  way: string,
  find: (to: Side) => [string, string],
][] = [
  ["pod IP", ({ server }) => [ip(server), ip(server)]],
  ["pod IP, IPv6", ({ server }) => [server.ips[1]!, server.ips[1]!]],
  ["service VIP", ({ vips, server }) => [vips[0]!, ip(server)]],
  ["service VIP, IPv6", ({ vips, server }) => [vips[1]!, server.ips[1]!]],
];

/** What the two kinds of proxies say of the same connection. */
const said = new Map<string, string[]>();

for (const crossing of CROSSINGS) {
  for (const [way, find] of ADDRESSES) {
    rowTest({ ...crossing, way }, async (mesh) => {
      const from = mesh.sides[crossing.source].client;
      const to = mesh.sides[crossing.destination];
      const [host, podIp] = find(to);
      const lines = await greeted(mesh, crossing, from, to.server, {
        host,
        authority: `${urlHost(podIp)}:${HTTP_PORT}`,
      });
      for (const line of lines) {
        const { direction } = line.fields;
        const seen = said.get(`${direction} ${way}`) ?? [];
        seen.push(formOf(line));
        said.set(`${direction} ${way}`, seen);
      }
      return "200, both identities in both logs";
    });
  }
}

rowTest(
  { source: "both", destination: "both", way: "the access log's form" },
  () => {
    assert.equal(said.size, 2 * ADDRESSES.length);
    for (const [what, [first, ...rest]] of said) {
      assert.equal(rest.length, 1, what);
      assert.deepEqual(rest, [first], what);
    }
    return Promise.resolve("the same fields in the same order");
  },
);

/** Names of the fields, and the values that do not tell the pods apart. */
function formOf({ message, level, fields }: AccessLine): string {
  const told = Object.keys(fields).map((name) =>
    /namespace|cluster|direction|error/.test(name)
      ? `${name}=${fields[name]}`
      : name
  );
  return [level, message, ...told].join(" ");
}

/** One request, and what both proxies say of it. */
async function greeted(
  mesh: MixedMesh,
  { source, destination }: Crossing,
  from: LabPod,
  to: LabPod,
  { host, authority }: { readonly host: string; readonly authority: string },
): Promise<readonly AccessLine[]> {
  const out = new AccessTail(mesh.proxy(source));
  const inbound = new AccessTail(mesh.proxy(destination));
  const reply = await mesh.get(from, urlHost(host));
  assert.equal(reply.body, `${greetingOf(to)}\n`);
  const wanted = {
    "src.identity": identityOf(from),
    "dst.identity": identityOf(to),
    "src.workload": from.name,
    "dst.workload": to.name,
    "dst.hbone_addr": authority,
  };
  return [
    await out.until({ ...wanted, direction: "outbound" }),
    await inbound.until({ ...wanted, direction: "inbound" }),
  ];
}

for (const crossing of CROSSINGS) {
  const { source, destination } = crossing;

  rowTest({ ...crossing, way: "256 MiB each way" }, async (mesh) => {
    const fill = `fill=${BULK_OCTETS}`;
    const { here, there } = await exchange(
      mesh,
      crossing,
      [fill, "end", "readall"],
      ["readall", fill, "end"],
    );
    assert.equal(there.received, BULK_OCTETS);
    assert.equal(there.receivedDigest, here.sentDigest);
    assert.equal(here.received, BULK_OCTETS);
    assert.equal(here.receivedDigest, there.sentDigest);
    return "whole, by checksum";
  });

  rowTest(
    { ...crossing, way: "half close, the client first" },
    async (mesh) => {
      const { here, there } = await exchange(
        mesh,
        crossing,
        ["send=last words", "end", "readall"],
        ["readall", "send=and an answer", "end"],
      );
      assert.deepEqual([there.text, there.end], ["last words", "end"]);
      assert.deepEqual([here.text, here.end], ["and an answer", "end"]);
      return "the other half goes on";
    },
  );

  rowTest(
    { ...crossing, way: "half close, the server first" },
    async (mesh) => {
      const { here, there } = await exchange(
        mesh,
        crossing,
        ["readall", "send=and an answer", "end"],
        ["send=first words", "end", "readall"],
      );
      assert.deepEqual([here.text, here.end], ["first words", "end"]);
      assert.deepEqual([there.text, there.end], ["and an answer", "end"]);
      return "the other half goes on";
    },
  );

  rowTest({ ...crossing, way: "1,000 short connections" }, async (mesh) => {
    const from = mesh.sides[source].client;
    const to = mesh.sides[destination];
    assert.equal(
      await shortConnections(mesh, from, ip(to.server)),
      SHORT_COUNT,
    );
    return "all answered";
  });
}

/** One connection between scripted peers. */
async function exchange(
  { lab, sides }: MixedMesh,
  { source, destination }: Crossing,
  clientSteps: readonly string[],
  serverSteps: readonly string[],
) {
  const { server } = sides[destination];
  const port = nextPort++;
  await using listener = await startPeerServer(lab, server, port, serverSteps);
  const to = { ip: ip(server), port };
  const here = await callPeer(lab, sides[source].client, to, clientSteps);
  return { here, there: await listener.report() };
}

let nextPort = 9_300;

/** @returns how many were answered with 200. */
async function shortConnections(
  { lab }: MixedMesh,
  from: Place,
  host: string,
): Promise<number> {
  const url = `http://${host}:${HTTP_PORT}/?[1-${SHORT_COUNT}]`;
  const { stdout } = await lab.exec(from, [
    ...["curl", "-s", "-Z", "--parallel-max", `${PARALLEL}`],
    ...["--max-time", "120", "-H", "Connection: close"],
    ...["-o", "/dev/null", "-w", "%{http_code} %{num_connects}\\n", url],
  ], { timeoutMs: 150_000 });
  return stdout.split("\n").filter((line) => line === "200 1").length;
}
