import { ConfigError, messageOf } from "../base/errors.ts";
import type { NamespacedName } from "../config/mod.ts";
import { meshConfigOf } from "../control/mesh_config.ts";
import { packRoutes } from "../decide/http/pack_routes.ts";
import {
  httpPolicies,
  requestAuthentications,
  waypointConfig,
} from "../kube/mod.ts";
import { parseIp } from "../model/address.ts";
import { SharedValues } from "../model/shared_values.ts";
import type { Enrolment, EnrolmentOptions } from "./enrolment.ts";
import type { MeshInput } from "./mesh_input.ts";
import { type ProcessOptions, runProcess } from "./mesh_process.ts";
import { findOwnPod, type OwnPod } from "./own_pod.ts";
import { type WaypointState, waypointState } from "./waypoint_state.ts";
import { WarningLog } from "./warning_log.ts";

/**
 * Waypoint mode: serves the one Gateway that the configuration names.
 *
 * @throws {HairpinError} when it cannot start.
 */
export function runWaypoint(options: ProcessOptions): Promise<void> {
  const { gateway } = options.config;
  if (gateway === undefined) {
    throw new ConfigError("--mode waypoint needs --gateway NAMESPACE/NAME");
  }
  return runProcess(
    options,
    (enrolment) => Promise.resolve(serveItself(enrolment, gateway)),
  );
}

/** The waypoint's pod is this process: nobody has to enrol it. */
function serveItself(
  { pods, workers, readiness, log }: EnrolmentOptions,
  gateway: NamespacedName,
): Enrolment {
  const name = `${gateway.namespace}/${gateway.name}`;
  const state = log("state");
  const warnings = new WarningLog(state);
  let own: OwnPod | undefined;
  let begun = false;
  let told: WaypointState | undefined;
  const serve = async () => {
    if (own === undefined) {
      return readiness.set("workload proxy manager", false);
    }
    await pods.add({ ...own, netns: undefined });
    readiness.set("workload proxy manager", true);
  };
  const tryServe = () =>
    serve().catch((reason: unknown) =>
      state.error("cannot serve the waypoint", { error: messageOf(reason) })
    );
  return {
    want(input) {
      const { orders, statuses, warnings: found } = ordersFor(input, name);
      told = waypointState(workers.setWaypoint(orders), {
        statuses,
        warnings: found,
      });
      own = findOwnPod(input.objects, gateway, localAddresses());
      const homeless =
        `no pod of Gateway "${name}" has an address of this machine`;
      warnings.put(own === undefined ? [...found, homeless] : found);
      if (begun) void tryServe();
    },
    async begin() {
      begun = true;
      await serve();
    },
    failed: new Promise<never>(() => {}),
    waypoint: () => told,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function ordersFor(
  { objects, settings, translation }: MeshInput,
  gateway: string,
) {
  // Statuses are many and long: they are not for workers to keep.
  const { routes, statuses, warnings: ofConfig, ...config } = waypointConfig(
    objects,
    gateway,
    settings,
    translation,
  );
  const { config: mesh, warnings } = meshConfigOf(objects, settings);
  const policies = httpPolicies(objects, gateway, mesh, settings);
  const tokens = requestAuthentications(objects, gateway, settings);
  const shared = new SharedValues();
  // Kept here and cloned for every worker, and much in them is alike.
  const orders = shared.share({
    config,
    policies: policies.attached,
    requestAuthentications: tokens.attached,
    pathNormalization: mesh.pathNormalization,
  });
  return {
    orders: { ...orders, routes: packRoutes(routes) },
    statuses: shared.share(statuses),
    warnings: [
      ...warnings,
      ...ofConfig,
      ...policies.warnings,
      ...tokens.warnings,
    ],
  };
}

const localAddresses = () =>
  new Set(
    Deno.networkInterfaces().map(({ address }) => parseIp(address))
      .filter((ip) => ip !== undefined),
  );
