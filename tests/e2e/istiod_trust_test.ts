/** Who istiod believes, whom a proxy believes, and what is asked on demand. */
import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { decodeJwt, decodeProtectedHeader, SignJWT } from "jose";
import { IssueError } from "../../src/control/certificates/mod.ts";
import { IstioCa } from "../../src/control/istio_ca/mod.ts";
import type { Followed } from "../control/xds/harness.ts";
import {
  ControlPlane,
  controlPlaneSkipReason,
  type NodeProxy,
} from "../lab/control_plane/mod.ts";
import { makeTestCa } from "../support/test_ca.ts";
import { followIstiod, istiodOf } from "./istiod_client.ts";

const skip = await controlPlaneSkipReason();
if (skip !== undefined) console.log(`tests with istiod are skipped: ${skip}`);

const identity = (serviceAccount: string) => ({
  trustDomain: "cluster.local",
  namespace: "shop",
  serviceAccount,
});

function caOf(proxy: NodeProxy, tokenPath = proxy.tokenPath): IstioCa {
  return new IstioCa({
    server: istiodOf(proxy),
    authToken: { kind: "file", path: tokenPath },
    clusterId: "Kubernetes",
    secretTtlMs: 600_000,
    impersonates: true,
    log: { warn: () => {} },
  });
}

const issue = (ca: IstioCa, serviceAccount: string) =>
  ca.issue(identity(serviceAccount), new AbortController().signal);

/** The same token, signed with the cluster's own key for a time that is over. */
async function expired(plane: ControlPlane, token: string): Promise<string> {
  const pem = await Deno.readTextFile(`${plane.folder}/sa.key`);
  const key = createPrivateKey(pem);
  const nowSeconds = Math.floor(Date.now() / 1000);
  const times = { iat: nowSeconds - 90, nbf: nowSeconds - 90 };
  const claims = { ...decodeJwt(token), ...times, exp: nowSeconds - 60 };
  const { kid } = decodeProtectedHeader(token);
  return await new SignJWT(claims)
    .setProtectedHeader({ alg: "RS256", ...kid !== undefined && { kid } })
    .sign(key);
}

/** Nothing of the mesh has come. */
function assertNothing({ store, samples }: Followed): void {
  assert.equal(store.mesh.workloads.size, 0);
  assert.ok(!samples().join().includes("istio_xds_message_total"));
}

Deno.test({
  name: "istiod and its proxies take each other's word only with proof",
  ignore: skip !== undefined,
  fn: async (t) => {
    await using plane = await ControlPlane.start();
    const proxy = await plane.addNode("node-1", "10.77.1.2");
    await plane.addNamespace("shop");
    const pods = [["cart", "node-1"], ["web", "node-2"]] as const;
    for (const [at, [name, node]] of pods.entries()) {
      await plane.addPod({
        name,
        namespace: "shop",
        node,
        ips: [`10.77.1.1${at}`],
      });
    }
    const writeToken = async (name: string, token: string) => {
      const path = `${plane.folder}/${name}`;
      await Deno.writeTextFile(path, token);
      return path;
    };
    const good = await Deno.readTextFile(proxy.tokenPath);
    const [header, , signature] = good.split(".");
    const wrong = {
      "expired": await writeToken("expired", await expired(plane, good)),
      "garbage": await writeToken("garbage", "abc.def.ghi"),
      "for another audience": await writeToken(
        "audience",
        await plane.proxyToken("ztunnel-node-1", { audience: "other" }),
      ),
      "changed": await writeToken(
        "changed",
        `${header}.${btoa('{"sub":"x"}').replaceAll("=", "")}.${signature}`,
      ),
    };

    for (const [what, path] of Object.entries(wrong)) {
      await t.step(`a token that is ${what} opens nothing`, async () => {
        await using followed = followIstiod(proxy, {}, path);
        await followed.untilLine(
          /connection error: .*status: Unauthenticated, .*retrying in 40ms/,
        );
        assertNothing(followed);
        using ca = caOf(proxy, path);
        await assert.rejects(issue(ca, "cart"), (reason) => {
          assert.ok(reason instanceof IssueError);
          assert.match(reason.message, /^status: Unauthenticated, /);
          return true;
        });
      });
    }

    await t.step(
      "a token that is put right is taken at the next try",
      async () => {
        const path = await writeToken("late", "abc.def.ghi");
        await using followed = followIstiod(proxy, {}, path);
        await followed.untilLine(/status: Unauthenticated/);
        await Deno.writeTextFile(path, good);
        await followed.client.synced;
      },
    );

    await t.step("an istiod of other roots is told nothing", async () => {
      const { certificatePem: pem } = await makeTestCa();
      const roots = { kind: "inline", pem } as const;
      await using followed = followIstiod(proxy, { roots });
      await followed.untilLine(
        /connection error: .*certificate.*retrying in 40ms/i,
      );
      assertNothing(followed);
      assert.doesNotMatch(followed.lines().join(), new RegExp(signature!));
    });

    await t.step("a node has certificates for its own pods alone", async () => {
      using ca = caOf(proxy);
      const { spiffeId } = await issue(ca, "cart");
      assert.equal(spiffeId, "spiffe://cluster.local/ns/shop/sa/cart");
      await assert.rejects(
        issue(ca, "web"),
        /request impersonation authentication failure/,
      );
    });

    await t.step(
      "on demand there is what was asked for, and what is local",
      async () => {
        await using followed = followIstiod(proxy, { onDemand: true });
        const { client, store: { mesh } } = followed;
        await client.synced;
        const web = "Kubernetes//Pod/shop/web";
        assert.equal(mesh.workloadByUid(web), undefined);
        await client.want("/10.77.1.11");
        assert.ok(mesh.workloadByUid(web));
        await client.want(web);
        await client.want("/192.0.2.77");
        await client.want("shop/none.example");
        // Those on this node come unasked.
        while (mesh.workloadByUid("Kubernetes//Pod/shop/cart") === undefined) {
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      },
    );
  },
});
