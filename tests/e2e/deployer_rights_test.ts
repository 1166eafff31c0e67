/**
 * The deployer with the rights of its manifests, at a real API server that keeps
 * an audit log: nothing else is asked for, and each right is missed where it is
 * not granted.
 */
import assert from "node:assert/strict";
import { controlPlaneSkipReason } from "../lab/control_plane/mod.ts";
import { grants, type Right, rightsOf, titleOf } from "../support/manifests.ts";
import { DEPLOYER, DeployerCluster, WAIT_MS } from "./deployer_support.ts";
import { manifestsIn } from "./manifest_rights.ts";
import { eventually } from "./support.ts";

const skip = await controlPlaneSkipReason();
if (skip !== undefined) {
  console.log(`tests of the deployer's rights are skipped: ${skip}`);
}

/** The deployer's own roles, not those that it gives. */
async function rightsIn(
  { plane }: DeployerCluster,
  folder: string,
): Promise<readonly Right[]> {
  const objects = await manifestsIn(plane, folder);
  return rightsOf(
    objects.filter(({ metadata }) =>
      metadata.name.startsWith("hairpin-deployer")
    ),
  );
}

/** What is refused where a right is missing: an apply makes an object, and a binding is what binds. */
function missedBy({ verb, resource, group, namespace, names }: Right): string {
  if (verb === "create" && resource !== "events") {
    return titleOf({ verb: "patch", resource, group });
  }
  if (verb !== "bind") return titleOf({ verb, resource, group });
  const isOne = namespace !== undefined ||
    names?.includes("hairpin-waypoint-pods");
  const bindings = isOne ? "rolebindings" : "clusterrolebindings";
  return titleOf({ verb: "patch", resource: bindings, group });
}

/** Whether it is asked for only when something new is made: another deployer must not be faster. */
const wantsNew = ({ verb, resource }: Right): boolean =>
  verb === "bind" || (verb === "create" && resource !== "events") ||
  resource === "gateways/status";

/** What a deployer without one right was refused, once that is the one that is expected. */
async function runWithout(
  cluster: DeployerCluster,
  rights: readonly Right[],
  { at, caSecret }: { at: number; caSecret: string | undefined },
): Promise<void> {
  const right = rights[at]!;
  const account = { ...DEPLOYER, name: `without-${at}` };
  const rest = rights.filter((other) => other !== right);
  await cluster.plane.apply(...grants(rest, account));
  if (wantsNew(right)) await cluster.addGateway(`new-${at}`);
  await using _deployer = await cluster.run({ caSecret }, account);
  const user = `system:serviceaccount:istio-system:${account.name}`;
  await eventually(
    `${missedBy(right)} refused without ${titleOf(right)}`,
    () =>
      Promise.resolve(
        cluster.plane.audit(user).some((event) =>
          event.code === 403 && titleOf(event) === missedBy(right)
        ),
      ),
    WAIT_MS,
  );
}

/** A Gateway that is deployed, and one that cannot be. */
async function addGateways(cluster: DeployerCluster): Promise<void> {
  await cluster.plane.apply({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "taken", namespace: "default" },
    spec: { ports: [{ port: 80 }] },
  });
  await cluster.addGateway("taken");
  await cluster.addGateway("waypoint");
}

for (
  const [folder, caSecret] of [
    ["deployer", undefined],
    ["deployer_alone", "hairpin-ca"],
  ] as const
) {
  Deno.test({
    name:
      `each right of scripts/kubernetes/${folder} is used, and missed where it is not granted`,
    ignore: skip !== undefined,
    async fn() {
      await using cluster = await DeployerCluster.start(folder);
      const rights = await rightsIn(cluster, folder);
      await addGateways(cluster);
      {
        await using _deployer = await cluster.run({ caSecret });
        await cluster.untilDeployed("waypoint", "True");
        await cluster.untilDeployed("taken", "False");
        const asked = () =>
          cluster.plane.audit(
            "system:serviceaccount:istio-system:hairpin-deployer",
          );
        const seen = () => new Set(asked().map(titleOf));
        const left = () =>
          rights.map((right) => missedBy(right)).filter((title) =>
            !seen().has(title)
          );
        await eventually(
          "every right used",
          () => Promise.resolve(left().length === 0),
          WAIT_MS,
        );
        const refused = asked().filter(({ code }) =>
          code === 401 || code === 403
        );
        assert.deepEqual(refused.map(titleOf), []);
      }
      const all = [...rights.keys()];
      for (const at of all.filter((at) => wantsNew(rights[at]!))) {
        await runWithout(cluster, rights, { at, caSecret });
      }
      await Promise.all(
        all.filter((at) => !wantsNew(rights[at]!)).map((at) =>
          runWithout(cluster, rights, { at, caSecret })
        ),
      );
    },
  });
}
