import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { ResourceSchema } from "./gen/discovery_pb.ts";
import { AddressSchema, type WorkloadSchema } from "./gen/workload_pb.ts";
import { ADDRESS_TYPE } from "./type_urls.ts";

/** A workload's resource as istiod would send it, named by its uid. */
export function encodeWorkload(
  workload: MessageInitShape<typeof WorkloadSchema> & { readonly uid: string },
): Uint8Array {
  const address = create(AddressSchema, {
    type: { case: "workload", value: workload },
  });
  const value = toBinary(AddressSchema, address);
  const resource = { typeUrl: ADDRESS_TYPE, value };
  const envelope = { name: workload.uid, version: "1", resource };
  return toBinary(ResourceSchema, create(ResourceSchema, envelope));
}
