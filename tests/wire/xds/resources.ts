/** Resources as istiod would send them. */
import {
  create,
  type DescMessage,
  type MessageInitShape,
  toBinary,
} from "@bufbuild/protobuf";
import { AuthorizationSchema } from "../../../src/wire/xds/gen/authorization_pb.ts";
import {
  encodeWorkload,
  type ResourceFields,
} from "../../../src/wire/xds/encode.ts";
import { ResourceSchema } from "../../../src/wire/xds/gen/discovery_pb.ts";
import {
  AddressSchema,
  type GatewayAddressSchema,
  type ServiceSchema,
  type WorkloadSchema,
} from "../../../src/wire/xds/gen/workload_pb.ts";
import {
  ADDRESS_TYPE,
  AUTHORIZATION_TYPE,
  decodeEnvelope,
  decodeResource,
  type MeshResource,
} from "../../../src/wire/xds/mod.ts";

export type WorkloadInit = MessageInitShape<typeof WorkloadSchema>;
export type ServiceInit = MessageInitShape<typeof ServiceSchema>;
export type AuthorizationInit = MessageInitShape<typeof AuthorizationSchema>;
export type GatewayInit = MessageInitShape<typeof GatewayAddressSchema>;

export const octetsOf = <D extends DescMessage>(
  schema: D,
  init: MessageInitShape<D>,
): Uint8Array => toBinary(schema, create(schema, init));

/** The number of an enumeration's value that only another version may know. */
export const foreign = (value: number): never => value as never;

/** The envelope's octets around any content. */
export const resource = (
  name: string,
  typeUrl: string,
  value: Uint8Array,
  more: ResourceFields = {},
): Uint8Array =>
  octetsOf(ResourceSchema, { name, resource: { typeUrl, value }, ...more });

/** A workload's resource, named by its uid. */
export const workloadResource = encodeWorkload;

/** A service's resource, named by namespace and host name. */
export const serviceResource = (value: ServiceInit): Uint8Array =>
  resource(
    `${value.namespace}/${value.hostname}`,
    ADDRESS_TYPE,
    octetsOf(AddressSchema, { type: { case: "service", value } }),
  );

/** A policy's resource, named by namespace and name. */
export const policyResource = (value: AuthorizationInit): Uint8Array =>
  resource(
    `${value.namespace}/${value.name}`,
    AUTHORIZATION_TYPE,
    octetsOf(AuthorizationSchema, value),
  );

/** What a resource of that type is read as. */
export const read = (
  octets: Uint8Array,
  type: typeof ADDRESS_TYPE | typeof AUTHORIZATION_TYPE = ADDRESS_TYPE,
): MeshResource => decodeResource(decodeEnvelope(octets), type);
