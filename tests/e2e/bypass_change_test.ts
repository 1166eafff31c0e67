/** Waypoints that come, go and move while there is traffic. */
import assert from "node:assert/strict";
import { KeptConnection, RequestStream } from "./bypass_streams.ts";
import { CUT } from "./bypass_streams.ts";
import { share } from "./share.ts";
import { HTTP_PORT } from "./support.ts";
import {
  gateway,
  servicePolicy,
  USE_WAYPOINT,
  WaypointMesh,
  waypointPod,
  waypointPolicy,
} from "./waypoint_support.ts";

/** What tells who answered. */
const BY_WAYPOINT = "403";
const BY_APPLICATION = "404";

const changeTest = share(() => WaypointMesh.start());

/** Requests for a path, by VIP, by pod IP, from beside the server and in plaintext. */
async function underTraffic(
  mesh: WaypointMesh,
  path: string,
  body: (streams: readonly RequestStream[]) => Promise<void>,
): Promise<void> {
  const { lab, pods, services } = mesh;
  const byPod = mesh.urlOf(pods.httpbin, path);
  const streams = [
    new RequestStream(mesh, pods.sleep, mesh.urlOf(services.httpbin, path)),
    new RequestStream(mesh, pods.sleep, byPod),
    new RequestStream(mesh, pods.neighbour, byPod),
    new RequestStream(mesh, lab.outsider, byPod),
  ];
  try {
    await body(streams);
  } finally {
    await Promise.all(streams.map((s) => s[Symbol.asyncDispose]()));
  }
}

const allUntil = (streams: readonly RequestStream[], status: string) =>
  Promise.all(streams.map((stream) => stream.until(status)));

/** The first status, and every one that differs from the one before. */
const turnsOf = ({ statuses }: RequestStream): string[] =>
  statuses.filter((status, at) => status !== statuses[at - 1]);

const keep = (mesh: WaypointMesh, by: "vip" | "pod" = "pod") => {
  const { pods: { sleep, httpbin }, services } = mesh;
  const ip = by === "vip" ? services.httpbin.vips[0] : httpbin.ips[0] ?? "";
  return new KeptConnection(mesh, sleep, ip, HTTP_PORT);
};

changeTest(
  "a waypoint that comes takes over: what goes straight is closed, what follows goes round",
  async (mesh) => {
    const { httpbin } = mesh.services;
    await mesh.label(httpbin, {});
    const kept = [keep(mesh, "vip"), keep(mesh, "pod")];
    await Promise.all(kept.map((one) => one.untilAnswered()));
    await underTraffic(mesh, "/secret", async (streams) => {
      await allUntil(streams, BY_APPLICATION);
      await mesh.label(httpbin, USE_WAYPOINT);
      await allUntil(streams, BY_WAYPOINT);
      for (const stream of streams) {
        // Once the waypoint has answered the application never does.
        const { statuses } = stream;
        const since = statuses.indexOf(BY_WAYPOINT);
        assert.ok(!statuses.slice(since).includes(BY_APPLICATION));
      }
    });
    for (const one of kept) assert.deepEqual(await one.ask("/secret"), ["200"]);
  },
);

changeTest("a waypoint that goes lets everybody straight on", async (mesh) => {
  const { httpbin } = mesh.services;
  await underTraffic(mesh, "/secret", async (streams) => {
    await allUntil(streams, BY_WAYPOINT);
    await mesh.label(httpbin, {});
    await allUntil(streams, BY_APPLICATION);
    await mesh.label(httpbin, USE_WAYPOINT);
    await allUntil(streams, BY_WAYPOINT);
  });
});

changeTest(
  "a waypoint that is restarted is waited for, and not gone round",
  async (mesh) => {
    await underTraffic(mesh, "/secret", async (streams) => {
      await allUntil(streams, BY_WAYPOINT);
      await mesh.stopWaypoint();
      await allUntil(streams, CUT);
      await mesh.startWaypoint();
      await allUntil(streams, BY_WAYPOINT);
      for (const stream of streams) {
        const { statuses } = stream;
        assert.ok(!statuses.includes(BY_APPLICATION), turnsOf(stream).join());
      }
    });
  },
);

changeTest(
  "servers' proxy that is restarted lets nobody past meanwhile",
  async (mesh) => {
    await underTraffic(mesh, "/secret", async (streams) => {
      await allUntil(streams, BY_WAYPOINT);
      await mesh.restartServer([]);
      await allUntil(streams, BY_WAYPOINT);
      for (const stream of streams) {
        assert.ok(
          !stream.statuses.includes(BY_APPLICATION),
          turnsOf(stream).join(),
        );
      }
    });
  },
);

changeTest(
  "a service that moves to another waypoint obeys that one, on connections from before too",
  async (mesh) => {
    const { lab, services: { httpbin } } = mesh;
    // Each waypoint keeps a path of its own.
    const other = waypointPolicy("other", {
      action: "DENY",
      rules: [{ to: [{ operation: { paths: ["/other"] } }] }],
    }, "second");
    await mesh.change(
      "Gateway",
      () => lab.apply("gateway-second", gateway("second")),
    );
    await mesh.change(
      "pod",
      async () => void await lab.addPod(waypointPod("second", "node-1")),
    );
    await mesh.change("policy", () => lab.apply("policy-other", other));
    await lab.startHairpin(lab.pod("second"), { gateway: "default/second" });
    const kept = [keep(mesh, "vip"), keep(mesh, "pod")];
    await Promise.all(kept.map((one) => one.untilAnswered()));
    await underTraffic(mesh, "/other", async (streams) => {
      await allUntil(streams, BY_APPLICATION); // the first waypoint lets it pass
      await mesh.label(httpbin, { "istio.io/use-waypoint": "second" });
      await allUntil(streams, BY_WAYPOINT);
      for (const { statuses } of streams) {
        const since = statuses.indexOf(BY_WAYPOINT);
        assert.ok(!statuses.slice(since).includes(BY_APPLICATION));
      }
      for (const one of kept) {
        const statuses = await one.ask("/other");
        assert.ok(!statuses.includes(BY_APPLICATION), statuses.join(" "));
      }
    });
    await mesh.label(httpbin, USE_WAYPOINT);
  },
);

changeTest(
  "a policy at the waypoint that changes holds for the next request, on connections from before too",
  async (mesh) => {
    const deny = servicePolicy("deny-late", {
      action: "DENY",
      rules: [{ to: [{ operation: { paths: ["/late"] } }] }],
    });
    const kept = [keep(mesh, "vip"), keep(mesh, "pod")];
    await Promise.all(kept.map((one) => one.untilAnswered()));
    await underTraffic(mesh, "/late", async (streams) => {
      await allUntil(streams, BY_APPLICATION);
      await mesh.under("policy-late", deny, async () => {
        await allUntil(streams, BY_WAYPOINT);
        for (const one of kept) {
          const statuses = await one.ask("/late");
          assert.ok(!statuses.includes(BY_APPLICATION), statuses.join(" "));
        }
      });
      await allUntil(streams, BY_APPLICATION);
      for (const stream of streams) {
        // Nothing failed on the way.
        assert.deepEqual(turnsOf(stream), [
          ...[BY_APPLICATION, BY_WAYPOINT, BY_APPLICATION],
        ]);
      }
    });
  },
);
