export { IstioCertificateService } from "./gen/ca_pb.ts";
export { IMPERSONATED_IDENTITY, RESPONSE_OCTETS_MAX } from "./limits.ts";
