/** istiod dies and comes back under traffic, and no connection notices. */
import assert from "node:assert/strict";
import { istiodTest } from "./istiod_support.ts";
import { authorizationPolicy } from "./policy_support.ts";
import { SteadyTraffic } from "./steady.ts";
import { program } from "./security_support.ts";
import { ECHO_PORT, eventually } from "./support.ts";

const denyAll = authorizationPolicy("deny-all", {
  action: "DENY",
  rules: [{ to: [{ operation: { ports: ["8000"] } }] }],
});

istiodTest("no connection is lost while istiod is away", async (mesh) => {
  const { lab, plane, sleep, vip } = mesh;
  const held = lab.start(
    sleep,
    "held",
    program("streams", vip, `${ECHO_PORT}`, "5"),
  );
  const steady = await SteadyTraffic.start(lab, sleep, {
    ip: vip,
    port: ECHO_PORT,
  });
  const answers = () =>
    held.lines().filter((line) => line.startsWith("answers ")).length;
  await eventually("streams in use", () => Promise.resolve(answers() > 20));

  for (const signal of ["SIGKILL", "SIGTERM"] as const) {
    await plane.stopIstiod(signal);
    await Promise.all(
      mesh.proxies.map((proxy) =>
        proxy.process.untilLog(/XDS client (connection )?(error|complete)/, {
          from: proxy.process.logStart,
        })
      ),
    );
    // What is known goes on to be known, and to be used.
    assert.equal((await mesh.get()).status, 200);
    for (const proxy of mesh.proxies) assert.equal(await proxy.isReady(), true);
    const from = mesh.proxies.map((proxy) => proxy.process.log().length);
    await plane.startIstiod();
    await Promise.all(
      mesh.proxies.map((proxy, at) =>
        proxy.process.untilLog(/Stream established/, {
          from: from[at]!,
          timeoutMs: 40_000,
        })
      ),
    );
  }

  // And what changed meanwhile, or changes now, is heard again.
  await plane.apply(denyAll);
  await mesh.untilAnswered(false);
  await plane.delete("authorizationpolicy", "deny-all", "default");
  await mesh.untilAnswered(true);

  await steady.stopWithoutFailure();
  const before = answers();
  await eventually("still in use", () => Promise.resolve(answers() > before));
  assert.deepEqual(held.lines().filter((line) => line.startsWith("ended")), []);
  await held.stop();
});

istiodTest(
  "a node waits for istiod, and starts once it is there",
  async (mesh) => {
    const { plane } = mesh;
    await mesh.proxy("node-1").stop();
    await plane.stopIstiod("SIGKILL");
    const proxy = await mesh.startProxy("node-1", {
      name: "hairpin-again",
      notReady: true,
    });
    await proxy.process.untilLog(/XDS client connection error/, {
      timeoutMs: 60_000,
    });
    assert.equal(await proxy.isReady(), false);
    await plane.startIstiod();
    await proxy.untilReady();
    await mesh.untilAnswered(true);
  },
);
