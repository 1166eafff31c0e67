/** Gateways of hairpin's class, and their deployments, for tests. */
import {
  type DeploymentSettings,
  type WantedDeployment,
  wantedDeployments,
} from "../../../src/kube/mod.ts";
import { parsed, type Raw, raw } from "../objects.ts";

export const SETTINGS: DeploymentSettings = {
  image: "hairpin:1",
  imagePullPolicy: undefined,
  caSecret: undefined,
  variables: {},
};

const CLASS = raw("GatewayClass", "hairpin-waypoint", {
  spec: { controllerName: "hairpin.dev/waypoint" },
});
const OTHER = raw("GatewayClass", "istio-waypoint", {
  spec: { controllerName: "istio.io/mesh-controller" },
});

/** @param spec Added to that of a Gateway of hairpin's class. */
export const gateway = (
  name: string,
  spec: Raw = {},
  metadata: Raw = {},
): Raw =>
  raw("Gateway", name, {
    metadata: { uid: `uid-${name}`, ...metadata },
    spec: {
      gatewayClassName: "hairpin-waypoint",
      listeners: [{ name: "mesh", port: 15_008, protocol: "HBONE" }],
      ...spec,
    },
  });

export const wantedOf = (
  gateways: readonly Raw[],
  settings: DeploymentSettings = SETTINGS,
): readonly WantedDeployment[] =>
  wantedDeployments(parsed(CLASS, OTHER, ...gateways), settings);
