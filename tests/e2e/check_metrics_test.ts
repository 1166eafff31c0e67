/** `hairpin check` of what a Prometheus would read, where something else answers it. */
import assert from "node:assert/strict";
import { inNamespace, must } from "../lab/mod.ts";
import { assertFinds, checkNode } from "./check_support.ts";
import { shareMesh } from "./support.ts";

const meshTest = shareMesh();

/** Metrics of a process that serves other pods. */
const other = (active: number, pending: number) =>
  `Deno.serve({ port: 15999, onListen: () => console.log("listening") }, ` +
  `() => new Response("workload_manager_active_proxy_count ${active}\\n" + ` +
  `"workload_manager_pending_proxy_count ${pending}\\n"));`;

const COUNTS: readonly [active: number, pending: number, found: RegExp][] = [
  [7, 0, /^7 pods counted and 0 pending, 2 are up and 0 pending$/],
  [2, 1, /^2 pods counted and 1 pending, 2 are up and 0 pending$/],
];
for (const [active, pending, found] of COUNTS) {
  meshTest(
    `check finds that metrics tell of ${active} pods and ${pending} pending, and nothing else`,
    async (mesh) => {
      const { lab, server } = mesh;
      const { place } = server;
      const well = await checkNode(mesh, server);
      assertFinds(well, {});
      assert.equal(
        well.find(({ check }) => check === "metrics")?.found,
        "2 pods counted, 0 pending",
      );
      const program = [Deno.execPath(), "eval", other(active, pending)];
      const name = `other-${active}-${pending}`;
      await using stub = lab.start(place, name, program);
      await stub.untilLog(/listening/);
      const turn = (flag: "-I" | "-D") =>
        must(inNamespace(place.netns, [
          ...["iptables-nft", "-t", "nat", flag, "OUTPUT", "-p", "tcp"],
          ...["--dport", "15020", "-j", "REDIRECT", "--to-ports", "15999"],
        ]));
      await turn("-I");
      try {
        const findings = await checkNode(mesh, server);
        assertFinds(findings, { metrics: ["failed", found] });
      } finally {
        await turn("-D");
      }
    },
  );
}
