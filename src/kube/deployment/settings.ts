/** What all waypoints that are deployed have in common. */

export interface DeploymentSettings {
  /** Image of hairpin. */
  readonly image: string;
  /** Undefined: Kubernetes' own choice by the image's tag. */
  readonly imagePullPolicy: "Always" | "IfNotPresent" | "Never" | undefined;
  /** Secret with the mesh's authority, in each Gateway's namespace; undefined: istiod signs, and tells of the mesh. */
  readonly caSecret: string | undefined;
  /** Variables of every waypoint, by name. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Author of the objects, as the API server shows it. */
export const DEPLOYER = "hairpin-deployer";

/** Value of `gateway.istio.io/managed` on what is made: the controller's name, as a label can have it. */
export const MANAGED_BY = "hairpin.dev-waypoint";
