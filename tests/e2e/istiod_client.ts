import { xdsNode } from "../../src/control/xds/mod.ts";
import { follow, type Followed, type Server } from "../control/xds/harness.ts";
import type { NodeProxy } from "../lab/control_plane/mod.ts";

/** How istiod is reached by that proxy. */
export const istiodOf = (
  { env }: NodeProxy,
  more: Partial<Server> = {},
): Server => ({
  address: env["XDS_ADDRESS"]!,
  roots: { kind: "file", path: env["XDS_ROOT_CA"]! },
  alternativeHostname: env["ALT_XDS_HOSTNAME"],
  headers: {},
  onDemand: false,
  ...more,
});

/** A client that shows itself to istiod as that proxy. */
export const followIstiod = (
  proxy: NodeProxy,
  more: Partial<Server> = {},
  tokenPath = proxy.tokenPath,
): Followed =>
  follow(istiodOf(proxy, more), {
    authToken: { kind: "file", path: tokenPath },
    clusterId: proxy.env["CLUSTER_ID"]!,
    node: xdsNode({
      pod: {
        name: proxy.env["POD_NAME"],
        namespace: proxy.env["POD_NAMESPACE"],
        serviceAccount: proxy.env["SERVICE_ACCOUNT"],
        ip: proxy.env["INSTANCE_IP"]!,
      },
      nodeName: proxy.node,
      proxyMetadata: {},
      proxyMetadataJson: {},
    }),
  });
