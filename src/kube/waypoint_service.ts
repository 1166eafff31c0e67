import { DEFAULT_SERVICE } from "../model/service.ts";
import { GATEWAY_NAME_LABEL, MANAGED_LABEL } from "./annotations.ts";
import type { GatewayObject, ServiceObject } from "./objects.ts";
import type { ServiceInfo } from "./service_info.ts";
import type { MeshSettings } from "./settings.ts";
import { HBONE_PORT } from "./waypoint_gateway.ts";
import { podsHostname } from "./waypoints.ts";

/** The service that stands for the pods of a Gateway for which there is none: no VIP, only HBONE. */
export function gatewayService(
  gateway: GatewayObject,
  settings: MeshSettings,
): ServiceInfo {
  const { name, namespace } = gateway.metadata;
  const selector = { [GATEWAY_NAME_LABEL]: name };
  const ports = [{ port: HBONE_PORT, name: "hbone", target: HBONE_PORT }];
  return {
    service: {
      ...DEFAULT_SERVICE,
      name,
      namespace,
      hostname: podsHostname(gateway, settings),
      ports: { [HBONE_PORT]: HBONE_PORT },
      canonical: true,
    },
    source: "Service",
    object: serviceObject(gateway),
    selector,
    ports,
  };
}

const serviceObject = ({ metadata }: GatewayObject): ServiceObject => ({
  kind: "Service",
  metadata: {
    ...metadata,
    labels: { [MANAGED_LABEL]: "istio.io-mesh-controller" },
    annotations: {},
  },
  spec: {
    type: "ClusterIP",
    clusterIPs: [],
    selector: {},
    ports: [],
    ipFamilies: [],
    publishNotReadyAddresses: false,
  },
});
