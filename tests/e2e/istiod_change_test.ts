/** Whatever changes in the cluster changes what the nodes let through. */
import assert from "node:assert/strict";
import { run } from "../lab/command.ts";
import { greetingOf } from "../lab/mod.ts";
import { identityOf } from "./calls.ts";
import { istiodTest, SERVICE } from "./istiod_support.ts";
import { authorizationPolicy, peerAuthentication } from "./policy_support.ts";
import { eventually, HTTP_PORT } from "./support.ts";

istiodTest(
  "nodes follow istiod, with certificates of its CA",
  async (mesh, t) => {
    const { lab, plane, sleep, httpbin } = mesh;

    await t.step(
      "traffic goes by identities that istiod certified",
      async () => {
        await mesh.untilAnswered(true);
        const { fields } = await mesh.proxy("node-1").untilAccess(
          "the request, outbound",
          (line) => line.fields["direction"] === "outbound",
        );
        assert.equal(fields["src.identity"], identityOf(sleep));
        assert.equal(fields["dst.identity"], identityOf(httpbin));
        assert.equal(fields["dst.service"], SERVICE);
        const { certificates } = await mesh.proxy("node-2").configDump();
        const row = certificates.find((one) =>
          one.identity === identityOf(httpbin)
        );
        const [leaf] = row?.["certChain"] as { pem: string }[];
        assert.ok(leaf, "no certificate");
        const path = `${lab.folder}/leaf.pem`;
        await Deno.writeTextFile(path, atob(leaf.pem));
        const verified = await run([
          ...["openssl", "verify", "-CAfile", plane.istiod.rootPath, path],
        ]);
        assert.equal(verified.code, 0, verified.stderr);
      },
    );

    await t.step("no certificate is kept for other nodes' pods", async () => {
      const { certificates } = await mesh.proxy("node-1").configDump();
      const identities = certificates.map(({ identity }) => identity);
      assert.deepEqual(identities, [identityOf(sleep)]);
    });

    await t.step("a policy takes hold and goes", async () => {
      await plane.apply(authorizationPolicy("no-sleep", {
        action: "DENY",
        rules: [{ from: [{ source: { principals: [principalOf(sleep)] } }] }],
      }));
      await mesh.untilAnswered(false);
      await plane.delete("authorizationpolicy", "no-sleep", "default");
      await mesh.untilAnswered(true);
    });

    await t.step(
      "strict mTLS keeps plaintext out, until it is gone",
      async () => {
        const url = `http://${httpbin.ips[0]}:${HTTP_PORT}/`;
        const command = ["curl", "-s", "--max-time", "5", url];
        const isOpen = async () =>
          (await lab.exec(lab.outsider, command)).code === 0;
        assert.equal(await isOpen(), true);
        const strict = { mtls: { mode: "STRICT" } };
        await plane.apply(peerAuthentication("strict", "default", strict));
        await eventually("plaintext refused", async () => !await isOpen());
        assert.equal((await mesh.get()).status, 200);
        await plane.delete("peerauthentication", "strict", "default");
        await eventually("plaintext let in", isOpen);
      },
    );

    await t.step("a pod comes, serves, is not ready, and goes", async () => {
      const second = await mesh.addPod("httpbin-2", "node-2", {
        app: "httpbin",
      });
      await mesh.untilServed(second);
      await eventually("its certificate", async () => {
        const { certificates } = await mesh.proxy("node-2").configDump();
        return certificates.some(({ identity, state }) =>
          identity === identityOf(second) && state === "Available"
        );
      });
      const healthy = (count: number) =>
        mesh.untilAll(
          `${count} healthy`,
          ({ workloads }) =>
            workloads.filter(({ name, status }) =>
              name.startsWith("httpbin") && status === "Healthy"
            ).length === count,
        );
      await healthy(2);
      await mesh.setReady(httpbin, false);
      await healthy(1);
      await mesh.setReady(httpbin, true);
      await healthy(2);
      await plane.delete("pod", "httpbin-2", "default");
      await healthy(1);
      await eventually("its certificate is forgotten", async () => {
        const { certificates } = await mesh.proxy("node-2").configDump();
        return certificates.every(({ identity }) =>
          identity !== identityOf(second)
        );
      });
      assert.equal((await mesh.get()).body, `${greetingOf(httpbin)}\n`);
    });

    await t.step("nothing was refused or lost on the way", async () => {
      for (const proxy of mesh.proxies) {
        const samples = await proxy.metrics();
        const ends = samples.filter(({ name }) =>
          name === "istio_xds_connection_terminations_total"
        );
        assert.deepEqual(ends, []);
        assert.doesNotMatch(proxy.process.log(), /NACK/);
      }
    });
  },
);

/** As policies spell an identity. */
const principalOf = (pod: Parameters<typeof identityOf>[0]): string =>
  identityOf(pod).replace("spiffe://", "");
