/** Configuration that changes, for better and for worse. */
import assert from "node:assert/strict";
import { type ConfigDump, greetingOf } from "../lab/mod.ts";
import { Growth } from "./calls.ts";
import { shareMesh } from "./support.ts";

const meshTest = shareMesh();

const BROKEN: readonly [name: string, text: string, error: RegExp][] = [
  ["YAML that cannot be read", "kind: [\n", /broken\.yaml/],
  [
    "an unknown field of a policy",
    `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: odd, namespace: default}
spec: {actoin: DENY}
`,
    /broken\.yaml.*actoin/,
  ],
];

for (const [name, text, error] of BROKEN) {
  meshTest(
    `${name} leaves the last good state in force, is shown, counted and cleared`,
    async (mesh) => {
      const { lab, server } = mesh;
      const growth = await Growth.watch(server);
      const good = stateOf(await server.configDump());
      await lab.apply("broken", text);
      await server.untilDump(
        "the error shown",
        ({ configErrors }) => error.test(`${configErrors?.[0]}`),
      );
      const metric = "hairpin_config_reloads_total";
      await growth.until(metric, { outcome: "rejected" }, 1);
      await server.process.untilLog(error);
      // Nothing else of the folder is taken while one file is wrong.
      await lab.apply("denied", DENY_ALL);
      await lab.apply("broken-too", "kind: [\n");
      await server.untilDump(
        "the folder read again",
        ({ configErrors }) => /broken-too/.test(`${configErrors}`),
      );
      assert.deepEqual(stateOf(await server.configDump()), good);
      const reply = await mesh.get(mesh.sleep, mesh.urlOf(mesh.httpbin));
      assert.equal(reply.body, `${greetingOf(mesh.httpbin)}\n`);
      await lab.delete("broken-too");
      await lab.delete("broken");
      await server.untilDump(
        "the error gone and the policy there",
        ({ configErrors, policies }) =>
          (configErrors ?? []).length === 0 && policies.length === 1,
      );
      await lab.delete("denied");
      await server.untilPolicy("denied", false);
    },
  );
}

meshTest("a folder that is replaced as a whole is followed", async (mesh) => {
  const { lab, server } = mesh;
  const manifests = `${lab.folder}/policies`;
  await lab.apply("denied", DENY_ALL);
  await server.untilPolicy("denied");
  await Deno.rename(lab.configFolder, manifests);
  await Deno.mkdir(lab.configFolder);
  for await (const { name } of Deno.readDir(manifests)) {
    if (name === "denied.yaml") continue;
    await Deno.copyFile(`${manifests}/${name}`, `${lab.configFolder}/${name}`);
  }
  await server.untilPolicy("denied", false);
  const reply = await mesh.get(mesh.sleep, mesh.urlOf(mesh.httpbin));
  assert.equal(reply.status, 200);
});

const DENY_ALL = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: denied, namespace: default}
spec: {action: DENY, rules: [{}]}
`;

const stateOf = ({ workloads, services, policies }: ConfigDump) => ({
  workloads,
  services,
  policies,
});
