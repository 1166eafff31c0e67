import type { JsonObject, MessageInitShape } from "@bufbuild/protobuf";
import type { Config } from "../../config/mod.ts";
import type { NodeSchema } from "../../wire/xds/mod.ts";

/** Who asks, as istiod reads it: ztunnel's identifier and metadata. */
export function xdsNode(
  { pod, nodeName, proxyMetadata, proxyMetadataJson }: Pick<
    Config,
    "pod" | "nodeName" | "proxyMetadata" | "proxyMetadataJson"
  >,
): MessageInitShape<typeof NodeSchema> {
  const { name = "", namespace = "", ip } = pod;
  const metadata = {
    NAME: name,
    NAMESPACE: namespace,
    INSTANCE_IPS: ip,
    NODE_NAME: nodeName,
    ...proxyMetadata,
    ...proxyMetadataJson,
  };
  return {
    id: `ztunnel~${ip}~${name}.${namespace}~${namespace}.svc.cluster.local`,
    // The configuration reads it from JSON.
    metadata: metadata as JsonObject,
  };
}
