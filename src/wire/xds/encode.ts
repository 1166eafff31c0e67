import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type Resource, ResourceSchema } from "./gen/discovery_pb.ts";
import { AddressSchema, type WorkloadSchema } from "./gen/workload_pb.ts";
import { ADDRESS_TYPE } from "./type_urls.ts";

/** What an envelope may carry beside name and content. */
export type ResourceFields = Partial<Pick<Resource, "version" | "aliases">>;

/** A workload's resource as istiod would send it, named by its uid. */
export function encodeWorkload(
  workload: MessageInitShape<typeof WorkloadSchema>,
  more: ResourceFields = {},
): Uint8Array {
  const address = create(AddressSchema, {
    type: { case: "workload", value: workload },
  });
  const value = toBinary(AddressSchema, address);
  const resource = { typeUrl: ADDRESS_TYPE, value };
  const envelope = { name: workload.uid ?? "", resource, ...more };
  return toBinary(ResourceSchema, create(ResourceSchema, envelope));
}
