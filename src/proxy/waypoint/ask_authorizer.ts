/** Asking a provider about a request or a connection. */
import { messageOf } from "../../base/errors.ts";
import {
  type CheckBody,
  type CheckOutcome,
  failedCheck,
  refusedBody,
} from "../../decide/ext_authz/ext_authz.ts";
import {
  type CheckedMessage,
  checkQuestion,
  readVerdict,
} from "../../decide/ext_authz/grpc.ts";
import { checkRequest, readAnswer } from "../../decide/ext_authz/http.ts";
import { headerValue } from "../../decide/http/header_list.ts";
import type {
  ExternalAuthorizer,
  GrpcAuthorizer,
  HttpAuthorizer,
} from "../../model/external_authorizer.ts";
import type { HttpRequest } from "../../model/http.ts";
import type { Service } from "../../model/service.ts";
import type { CheckVerdict } from "../../model/external_check.ts";
import {
  CHECK_PATH,
  decodeVerdict,
  encodeQuestion,
} from "../../wire/ext_authz/mod.ts";
import {
  callHeaders,
  frameMessage,
  messageOfAnswer,
} from "../../wire/grpc/mod.ts";
import {
  askService,
  AuthorizerError,
  serviceOfAuthorizer,
} from "./authorizer_service.ts";
import { peerOf, type WaypointCall } from "./call.ts";
import type { ClientBody } from "./client_body.ts";
import { writeRequest } from "./http_request.ts";
import type { HttpVersion } from "./upstreams.ts";

/** A request that a provider is asked about. */
export interface Asked {
  readonly request: HttpRequest;
  readonly body: ClientBody;
  /** What the client speaks. */
  readonly protocol: string;
}

/**
 * Asks a provider about a request. A service that the mesh does not know is a
 * mistake of the configuration, and does not fail open.
 *
 * @returns undefined when the client left before its body had been read.
 */
export async function askAuthorizer(
  call: WaypointCall,
  authorizer: ExternalAuthorizer,
  asked: Asked,
): Promise<CheckOutcome | undefined> {
  const service = serviceOfAuthorizer(call, authorizer);
  if (service === undefined) {
    sayUnknown(call, authorizer);
    return failedCheck({ ...authorizer, failOpen: false }, asked.request);
  }
  const read = await bodyFor(authorizer, asked.body);
  if (read.how === "gone") return undefined;
  if (read.how === "refused") return refusedBody(asked.request, read.fault);
  const { request, protocol } = asked;
  const message = {
    request,
    protocol,
    hasBody: asked.body.exists,
    body: read.body,
  };
  try {
    return authorizer.protocol === "http"
      ? await askHttp(call, authorizer, service, request, read.body)
      : await askGrpc(call, authorizer, service, message);
  } catch (reason) {
    sayFailure(call, authorizer, reason);
    return failedCheck(authorizer, request);
  }
}

/**
 * Asks a provider about a connection that is not HTTP.
 *
 * @returns whether it may be made.
 */
export async function askAboutConnection(
  call: WaypointCall,
  authorizer: GrpcAuthorizer,
): Promise<boolean> {
  const service = serviceOfAuthorizer(call, authorizer);
  if (service === undefined) {
    sayUnknown(call, authorizer);
    return false;
  }
  try {
    const verdict = await verdictOf(call, authorizer, service, undefined);
    return verdict.kind === "ok";
  } catch (reason) {
    sayFailure(call, authorizer, reason);
    return authorizer.failOpen;
  }
}

const bodyFor = ({ body: limit }: ExternalAuthorizer, body: ClientBody) =>
  limit === undefined
    ? { how: "read", body: undefined } as const
    : body.readFor(limit);

async function askHttp(
  call: WaypointCall,
  authorizer: HttpAuthorizer,
  service: Service,
  request: HttpRequest,
  body: CheckBody | undefined,
): Promise<CheckOutcome> {
  const check = checkRequest(authorizer, request, body);
  const version = versionOf(service, authorizer.port);
  const answer = await askService(call, authorizer, service, {
    version,
    headers: writeRequest({ ...check, scheme: "http" }),
    body: check.body,
  });
  return readAnswer(authorizer, request, {
    status: Number(headerValue(answer.headers, ":status")),
    headers: answer.headers.filter(([name]) => !name.startsWith(":")),
    body: answer.body,
  });
}

/** HTTP/1.1 unless the port declares something else. */
function versionOf({ appProtocols }: Service, port: number): HttpVersion {
  const declared = appProtocols?.[port];
  return declared === "HTTP2" || declared === "GRPC" ? "http2" : "http1";
}

const askGrpc = async (
  call: WaypointCall,
  authorizer: GrpcAuthorizer,
  service: Service,
  message: CheckedMessage,
): Promise<CheckOutcome> =>
  readVerdict(
    authorizer,
    message.request,
    await verdictOf(call, authorizer, service, message),
  );

async function verdictOf(
  call: WaypointCall,
  authorizer: GrpcAuthorizer,
  service: Service,
  message: CheckedMessage | undefined,
): Promise<CheckVerdict> {
  const { port, timeoutMs } = authorizer;
  const connection = {
    peer: peerOf(call),
    callee: call.workload,
    timeMs: Date.now(),
  };
  const question = checkQuestion(authorizer, connection, message);
  const authority = `${service.hostname}:${port}`;
  const answer = await askService(call, authorizer, service, {
    version: "http2",
    headers: callHeaders({ path: CHECK_PATH, authority, timeoutMs }),
    body: frameMessage(encodeQuestion(question)),
  });
  return decodeVerdict(messageOfAnswer(answer));
}

function sayUnknown(call: WaypointCall, authorizer: ExternalAuthorizer): void {
  const { name, service, port } = authorizer;
  const why = `unknown service: ${service}:${port}`;
  sayFailure(call, authorizer, new AuthorizerError(name, why));
}

function sayFailure(
  { context }: WaypointCall,
  { name }: ExternalAuthorizer,
  reason: unknown,
): void {
  context.log("proxy::waypoint").warn("no answer of an authorizer", {
    provider: name,
    error: messageOf(reason),
  });
}
