import { packRoutes } from "../../src/decide/http/pack_routes.ts";
import {
  type WaypointOrders,
  WaypointView,
} from "../../src/proxy/waypoint/view.ts";

/** A waypoint that was told nothing but this. */
export const waypointView = (
  { config = {}, ...orders }:
    & Partial<Omit<WaypointOrders, "config">>
    & { readonly config?: Partial<WaypointOrders["config"]> } = {},
): WaypointView =>
  new WaypointView({
    config: {
      gateway: "ns1/waypoint",
      services: [],
      workloads: [],
      upstreams: {},
      serviceAccounts: [],
      ...config,
    },
    routes: packRoutes([]),
    policies: { gateway: [], services: {} },
    requestAuthentications: { gateway: [], services: {} },
    pathNormalization: "BASE",
    ...orders,
  });
