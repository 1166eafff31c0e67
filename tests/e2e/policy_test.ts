import assert from "node:assert/strict";
import { POLICIES } from "../lab/demo/mesh.ts";
import { sumSamples } from "../lab/mod.ts";
import { eventually, type Mesh, shareMesh } from "./support.ts";

const meshTest = shareMesh();

async function isAnswered(
  mesh: Mesh,
  from: { netns: string },
): Promise<boolean> {
  const reply = await mesh.get(from, mesh.urlOf(mesh.httpbin));
  return reply.status === 200;
}

meshTest(
  "a DENY policy refuses whom it names, and the log names it",
  async (mesh) => {
    await mesh.withPolicy(
      "deny-notsleep",
      POLICIES["deny-notsleep"],
      async () => {
        assert.equal(await isAnswered(mesh, mesh.sleep), true);
        assert.equal(await isAnswered(mesh, mesh.notsleep), false);
        const { fields } = await mesh.server.untilAccess(
          "the refusal",
          (line) =>
            line.fields["error"] !== undefined &&
            line.fields["src.workload"] === "notsleep",
        );
        assert.match(fields["error"] ?? "", /default\/deny-notsleep/);
      },
    );
    assert.equal(await isAnswered(mesh, mesh.notsleep), true);
  },
);

meshTest("an ALLOW policy refuses whom it does not name", async (mesh) => {
  await mesh.withPolicy("allow-sleep", POLICIES["allow-sleep"], async () => {
    assert.equal(await isAnswered(mesh, mesh.sleep), true);
    assert.equal(await isAnswered(mesh, mesh.notsleep), false);
    assert.equal(await isAnswered(mesh, mesh.lab.outsider), false);
  });
});

meshTest("STRICT refuses plaintext and keeps the mesh", async (mesh) => {
  assert.equal(await isAnswered(mesh, mesh.lab.outsider), true);
  await mesh.withPolicy("strict", POLICIES["strict"], async () => {
    assert.equal(await isAnswered(mesh, mesh.lab.outsider), false);
    assert.equal(await isAnswered(mesh, mesh.sleep), true);
  });
});

meshTest("a refusal counts as failed with flag DENY", async (mesh) => {
  const refused = async () =>
    sumSamples(
      await mesh.server.metrics(),
      "istio_tcp_connections_failed_total",
      {
        reporter: "destination",
        response_flags: "DENY",
      },
    );
  const before = await refused();
  await mesh.withPolicy(
    "deny-notsleep",
    POLICIES["deny-notsleep"],
    async () => {
      assert.equal(await isAnswered(mesh, mesh.notsleep), false);
    },
  );
  await eventually(
    "one more is counted",
    async () => await refused() === before + 1,
  );
});

meshTest(
  "a file that does not parse leaves the last good state in force",
  async (mesh) => {
    await mesh.withPolicy(
      "deny-notsleep",
      POLICIES["deny-notsleep"],
      async () => {
        await mesh.lab.apply(
          "broken",
          "kind: AuthorizationPolicy\nmetadata: [",
        );
        const hasError = (proxy: Mesh["server"]) =>
          proxy.untilDump(
            "configErrors",
            ({ configErrors }) => (configErrors?.length ?? 0) > 0,
          );
        await Promise.all(mesh.proxies.map(hasError));
        assert.equal(await isAnswered(mesh, mesh.notsleep), false);
        assert.equal(await isAnswered(mesh, mesh.sleep), true);
        await mesh.lab.delete("broken");
        const isClean = (proxy: Mesh["server"]) =>
          proxy.untilDump(
            "no configErrors",
            ({ configErrors }) => (configErrors?.length ?? 0) === 0,
          );
        await Promise.all(mesh.proxies.map(isClean));
      },
    );
  },
);
