export {
  decodeEnvelope,
  decodeResource,
  type MeshResource,
  type ResourceEnvelope,
} from "./decode.ts";
export { encodeWorkload } from "./encode.ts";
export { XdsResourceError } from "./errors.ts";
export {
  AggregatedDiscoveryService,
  type DeltaDiscoveryRequest,
  DeltaDiscoveryRequestSchema,
  type DeltaDiscoveryResponse,
  type Node,
  NodeSchema,
} from "./gen/discovery_pb.ts";
export {
  MESSAGE_OCTETS_MAX,
  REFUSAL_TEXT_MAX,
  RESOURCE_NAME_MAX,
} from "./limits.ts";
export { ADDRESS_TYPE, AUTHORIZATION_TYPE, type XdsType } from "./type_urls.ts";
