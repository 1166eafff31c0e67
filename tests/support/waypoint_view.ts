import { packRoutes } from "../../src/decide/http/pack_routes.ts";
import {
  type WaypointOrders,
  WaypointView,
} from "../../src/proxy/waypoint/view.ts";

type Parts =
  & Partial<Omit<WaypointOrders, "config">>
  & { readonly config?: Partial<WaypointOrders["config"]> };

/** A waypoint that was told nothing but this. */
export const waypointView = (parts?: Parts): WaypointView =>
  new WaypointView(waypointOrders(parts));

/** What tells a waypoint nothing but this. */
export function waypointOrders(
  { config = {}, ...orders }: Parts = {},
): WaypointOrders {
  return {
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
  };
}
