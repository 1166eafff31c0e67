export { XdsClient, type XdsClientOptions } from "./client.ts";
export { xdsNode } from "./node.ts";
