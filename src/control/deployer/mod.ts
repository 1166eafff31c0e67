/** Deployments of waypoints at the API server. */
export type { SharedBinding } from "./account_bindings.ts";
export { Deployer, type DeployerOptions } from "./deployer.ts";
