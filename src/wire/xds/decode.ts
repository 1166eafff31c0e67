/** Resources as they travel, read one by one. */
import {
  type DescMessage,
  fromBinary,
  type MessageShape,
} from "@bufbuild/protobuf";
import { messageOf } from "../../base/errors.ts";
import type { Policy } from "../../model/policy.ts";
import type { Service } from "../../model/service.ts";
import type { Workload } from "../../model/workload.ts";
import { policyOf } from "./authorization.ts";
import { XdsResourceError } from "./errors.ts";
import { AuthorizationSchema } from "./gen/authorization_pb.ts";
import { ResourceSchema } from "./gen/discovery_pb.ts";
import { AddressSchema } from "./gen/workload_pb.ts";
import { RESOURCE_NAME_MAX, RESOURCE_OCTETS_MAX } from "./limits.ts";
import { serviceOf } from "./service.ts";
import { ADDRESS_TYPE, AUTHORIZATION_TYPE, type XdsType } from "./type_urls.ts";
import { workloadOf } from "./workload.ts";

/** A resource's name, and its content not yet read. */
export interface ResourceEnvelope {
  readonly name: string;
  /** Of the content; empty when the server keeps none. */
  readonly version: string;
  /** Other names that it can be asked for by. */
  readonly aliases: readonly string[];
  readonly typeUrl: string;
  readonly content: Uint8Array;
}

/** What a resource describes. */
export type MeshResource =
  | { readonly kind: "workload"; readonly workload: Workload }
  | { readonly kind: "service"; readonly service: Service }
  | { readonly kind: "policy"; readonly policy: Policy };

/** @throws {XdsResourceError} for anything that is no Resource within the limits. */
export function decodeEnvelope(octets: Uint8Array): ResourceEnvelope {
  const { name, version, aliases, resource } = decode(ResourceSchema, octets);
  if (name.length > RESOURCE_NAME_MAX) {
    throw new XdsResourceError(
      `its name has ${name.length} characters, at most ${RESOURCE_NAME_MAX} are read`,
    );
  }
  return {
    name,
    version,
    aliases,
    typeUrl: resource?.typeUrl ?? "",
    content: resource?.value ?? new Uint8Array(),
  };
}

/**
 * Reads what is in an envelope.
 *
 * @param type What was subscribed to.
 * @throws {XdsResourceError} when it is something else, or says anything that
 * is not understood here and matters.
 */
export function decodeResource(
  { name, typeUrl, content }: ResourceEnvelope,
  type: XdsType,
): MeshResource {
  if (typeUrl !== type) {
    throw new XdsResourceError(`it is of type ${JSON.stringify(typeUrl)}`);
  }
  switch (type) {
    case ADDRESS_TYPE:
      return addressOf(content);
    case AUTHORIZATION_TYPE: {
      const policy = policyOf(name, decode(AuthorizationSchema, content));
      return { kind: "policy", policy };
    }
    default:
      throw new Error(`unhandled: ${type satisfies never}`);
  }
}

function addressOf(content: Uint8Array): MeshResource {
  const { type } = decode(AddressSchema, content);
  switch (type.case) {
    case "workload":
      return { kind: "workload", workload: workloadOf(type.value) };
    case "service":
      return { kind: "service", service: serviceOf(type.value) };
    case undefined:
      throw new XdsResourceError("unknown address type");
    default:
      throw new Error(`unhandled: ${type satisfies never}`);
  }
}

function decode<D extends DescMessage>(
  schema: D,
  octets: Uint8Array,
): MessageShape<D> {
  if (octets.length > RESOURCE_OCTETS_MAX) {
    throw new XdsResourceError(
      `${octets.length} octets, at most ${RESOURCE_OCTETS_MAX} are read`,
    );
  }
  try {
    return fromBinary(schema, octets);
  } catch (cause) {
    throw new XdsResourceError(messageOf(cause), { cause });
  }
}
