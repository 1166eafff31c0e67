/** Services that decide about requests from outside. Plain data. */
import type { HeaderList } from "./http.ts";
import type { StringMatch } from "./policy.ts";

/** How much of a request's body a check carries. */
export interface CheckedBody {
  /** In octets, 1 or more. */
  readonly sizeMax: number;
  /** Whether a longer body is cut; else the request is refused with 413. */
  readonly allowPartial: boolean;
  /** Whether gRPC checks carry it as octets and not as text. */
  readonly asOctets: boolean;
}

interface AuthorizerBase {
  /** As policies name it. */
  readonly name: string;
  /** Host name, with `namespace/` in front where that is given. */
  readonly service: string;
  readonly port: number;
  /** Time for one answer. Default 600_000, as in Istio. */
  readonly timeoutMs: number;
  /** Whether requests pass when no answer can be had. Default false. */
  readonly failOpen: boolean;
  /** Status of a refusal for want of an answer. Default 403. */
  readonly statusOnError: number;
  /** Whether the route is chosen again after an answer that allows. */
  readonly clearRouteCache: boolean;
  readonly body: CheckedBody | undefined;
}

/** An authorizer that is asked in plain HTTP. */
export interface HttpAuthorizer extends AuthorizerBase {
  readonly protocol: "http";
  /** Comes before the request's own path; empty or starts with a slash. */
  readonly pathPrefix: string;
  /** Names in lower case. */
  readonly requestHeaders: readonly StringMatch[];
  /** Sent with every check; they replace headers of the same name. */
  readonly additionalHeaders: HeaderList;
  /** Of the answer, set on the request when it is allowed. */
  readonly upstreamOnAllow: readonly StringMatch[];
  /** Of the answer, added to the response when the request is allowed. */
  readonly downstreamOnAllow: readonly StringMatch[];
  /** Of the answer, passed to the client when it is denied; empty: all of them. */
  readonly downstreamOnDeny: readonly StringMatch[];
}

/** An authorizer that speaks `envoy.service.auth.v3.Authorization`. */
export interface GrpcAuthorizer extends AuthorizerBase {
  readonly protocol: "grpc";
}

export type ExternalAuthorizer = HttpAuthorizer | GrpcAuthorizer;
