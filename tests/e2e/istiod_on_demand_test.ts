/** A mesh of which nodes are told only what they ask for. */
import assert from "node:assert/strict";
import { greetingOf, startHttpServer } from "../lab/mod.ts";
import { call, identityOf } from "./calls.ts";
import { istiodTest } from "./istiod_support.ts";
import { authorizationPolicy } from "./policy_support.ts";
import { HTTP_PORT } from "./support.ts";

const env = { XDS_ON_DEMAND: "true", ISTIO_META_DNS_CAPTURE: "false" };

istiodTest("nodes are told of what their pods call", async (mesh, t) => {
  const { lab, plane, sleep, httpbin } = mesh;
  const client = mesh.proxy("node-1");
  const knows = async (name: string) =>
    (await client.configDump()).workloads.some((one) => one.name === name);

  await t.step("and of nothing else", async () => {
    assert.equal(await knows("sleep"), true);
    assert.equal(await knows("httpbin"), false);
  });

  await t.step("by the address of a service", async () => {
    assert.equal((await mesh.get()).body, `${greetingOf(httpbin)}\n`);
    const { fields } = await client.untilAccess(
      "the request, outbound",
      (line) => line.fields["direction"] === "outbound",
    );
    assert.equal(fields["dst.identity"], identityOf(httpbin));
    assert.equal(await knows("httpbin"), true);
  });

  await t.step("by the address of a pod", async () => {
    const late = await mesh.addPod("late", "node-2");
    await mesh.untilServed(late);
    await startHttpServer(lab, late, HTTP_PORT);
    assert.equal(await knows("late"), false);
    const url = `http://${late.ips[0]}:${HTTP_PORT}/`;
    assert.equal((await call(lab, sleep, url)).body, `${greetingOf(late)}\n`);
    const { fields } = await client.untilAccess(
      "the request to it",
      (line) => line.fields["dst.workload"] === "late",
    );
    assert.equal(fields["dst.identity"], identityOf(late));
  });

  await t.step("and go straight to what istiod does not know", async () => {
    const url = `${new URL("/ready", plane.istiod.debugUrl)}`;
    assert.equal((await call(lab, sleep, url)).status, 200);
  });

  await t.step("while policies hold as ever", async () => {
    const rules = [{ from: [{ source: { namespaces: ["default"] } }] }];
    await plane.apply(authorizationPolicy("no", { action: "DENY", rules }));
    await mesh.untilAnswered(false);
    await plane.delete("authorizationpolicy", "no", "default");
    await mesh.untilAnswered(true);
  });

  await t.step(
    "and what was never asked for fails without istiod",
    async () => {
      await plane.stopIstiod("SIGKILL");
      const url = "http://192.0.2.1:80/";
      const reply = await call(lab, sleep, url, ["--max-time", "15"]);
      assert.notEqual(reply.curlCode, 0);
      const line = await client.untilAccess(
        "the refusal",
        ({ fields }) => fields["dst.addr"] === "192.0.2.1:80",
      );
      assert.match(
        `${line.fields["error"]}`,
        /Cannot look up "\/192.0.2.1": no answer in 5000 ms/,
      );
      assert.equal((await mesh.get()).status, 200);
    },
  );
}, { env });
