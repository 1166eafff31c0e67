/** What a policy that changes does to connections that are open already. */
import assert from "node:assert/strict";
import { OUTSIDER_ADDRESSES } from "../lab/addresses.ts";
import type { LabPod } from "../lab/mod.ts";
import {
  authorizationPolicy,
  growthOf,
  isFrom,
  peerAuthentication,
  underPolicies,
} from "./policy_support.ts";
import {
  openStreams,
  startStreams,
  STREAMS_COUNT as COUNT,
} from "./streams.ts";
import { ECHO_PORT, type Mesh, shareMesh } from "./support.ts";

const meshTest = shareMesh({ workers: 2 });
const CHANGED = "connection closed due to policy change";
const NOTSLEEP = "cluster.local/ns/default/sa/notsleep";
const BY_NOTSLEEP = [{ from: [{ source: { principals: [NOTSLEEP] } }] }];

meshTest(
  "a policy cuts the open connections that it denies, and no other",
  async (mesh) => {
    await using kept = await openStreams(mesh, mesh.sleep);
    await using cut = await openStreams(mesh, mesh.notsleep);
    const tunnels = await tunnelsOf(mesh, [mesh.sleep, mesh.notsleep]);
    const policy = authorizationPolicy("cut-notsleep", {
      action: "DENY",
      rules: BY_NOTSLEEP,
    });
    const closed = "istio_tcp_connections_closed_total";
    const labels = {
      reporter: "destination",
      response_flags: "DENY",
      source_workload: "notsleep",
    };
    const growth = await growthOf(
      mesh.server,
      closed,
      labels,
      () =>
        underPolicies(mesh, [policy], async () => {
          await cut.untilAllEnded();
          await kept.untilMoreAnswers();
        }),
    );
    assert.equal(growth, COUNT);
    assert.equal(kept.ended(), 0);
    assert.deepEqual(
      await tunnelsOf(mesh, [mesh.sleep, mesh.notsleep]),
      tunnels,
    );
    assert.equal(changesOf(mesh, mesh.notsleep), COUNT);
    assert.equal(changesOf(mesh, mesh.sleep), 0);
    assert.match(mesh.server.process.log(), cutOf(mesh.notsleep, mesh.echo));
  },
);

meshTest(
  "a policy that is withdrawn lets new connections in",
  async (mesh) => {
    const policy = authorizationPolicy("for-a-while", {
      action: "DENY",
      rules: BY_NOTSLEEP,
    });
    await underPolicies(mesh, [policy], async () => {
      await using refused = startStreams(mesh, mesh.notsleep);
      await refused.untilAllEnded();
    });
    await using streams = await openStreams(mesh, mesh.notsleep);
    await streams.untilMoreAnswers();
    assert.equal(streams.ended(), 0);
  },
);

meshTest(
  "a policy's change alone cuts what it no longer allows",
  async (mesh) => {
    const allow = (accounts: string[]) =>
      authorizationPolicy("allow-some", {
        rules: [{ from: [{ source: { serviceAccounts: accounts } }] }],
      });
    const both = allow(["sleep", "notsleep"]);
    await underPolicies(mesh, [both], async () => {
      await using kept = await openStreams(mesh, mesh.sleep);
      await using cut = await openStreams(mesh, mesh.notsleep);
      // The file is replaced, so that the policy is never gone.
      await mesh.lab.apply("policies-allow-some", allow(["sleep"]));
      await cut.untilAllEnded();
      await kept.untilMoreAnswers();
      assert.equal(kept.ended(), 0);
    });
  },
);

meshTest(
  "STRICT cuts open plaintext connections and no tunnelled one",
  async (mesh) => {
    await using kept = await openStreams(mesh, mesh.sleep);
    await using cut = await openStreams(mesh, mesh.lab.outsider);
    const spec = { mtls: { mode: "STRICT" } };
    const strict = peerAuthentication("strict", "default", spec);
    await mesh.withPolicy("strict", strict, async () => {
      await cut.untilAllEnded();
      await kept.untilMoreAnswers();
    });
    assert.equal(kept.ended(), 0);
    const ofOutsider = isFrom(OUTSIDER_ADDRESSES[0]);
    const cuts = mesh.server.accessLog().filter((line) =>
      ofOutsider(line) && line.fields["error"] === CHANGED
    );
    assert.equal(cuts.length, COUNT);
  },
);

meshTest(
  "a policy that changes nothing for a connection leaves it alone",
  async (mesh) => {
    await using streams = await openStreams(mesh, mesh.sleep);
    const policy = authorizationPolicy("about-others", {
      action: "DENY",
      rules: BY_NOTSLEEP,
    });
    await underPolicies(mesh, [policy], () => streams.untilMoreAnswers());
    await streams.untilMoreAnswers();
    assert.equal(streams.ended(), 0);
  },
);

/** The line about one cut connection: who, to whom, and the workload's uid. */
function cutOf(notsleep: LabPod, echo: LabPod): RegExp {
  return new RegExp(
    `connection ${notsleep.ips[0]}:\\d+\\(spiffe://${NOTSLEEP}\\)` +
      `->${echo.ips[0]}:${ECHO_PORT} \\(\\S+\\) ` +
      "closed because it's no longer allowed after a policy update",
  );
}

/** How many connections of a pod the server's proxy has cut for a policy's change. */
function changesOf(mesh: Mesh, { ips }: LabPod): number {
  return mesh.server.accessLog().filter((line) =>
    isFrom(ips[0])(line) && line.fields["error"] === CHANGED
  ).length;
}

/** Local addresses of the tunnels that the proxy holds open for these pods. */
async function tunnelsOf(
  { lab }: Mesh,
  pods: readonly LabPod[],
): Promise<string[]> {
  const command = ["ss", "-Htn", "state", "established", "dport = :15008"];
  const outputs = await Promise.all(
    pods.map((pod) => lab.exec(pod, command)),
  );
  const rows = outputs.flatMap(({ stdout }) => stdout.trim().split("\n"));
  const locals = rows.map((row) => row.trim().split(/\s+/)[2] ?? "");
  assert.ok(locals.every((local) => local !== ""), "each pod has a tunnel");
  return locals.toSorted();
}
