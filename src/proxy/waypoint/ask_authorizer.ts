import {
  type CheckAnswer,
  type CheckOutcome,
  checkRequest,
  failedCheck,
  readAnswer,
} from "../../decide/ext_authz.ts";
import { CHECK_ANSWER_SIZE_MAX } from "../../decide/ext_authz_limits.ts";
import type { ServiceTarget } from "../../decide/choose_backend.ts";
import { messageOf } from "../../base/errors.ts";
import type {
  ExternalAuthorizer,
  HttpAuthorizer,
} from "../../model/external_authorizer.ts";
import type { HeaderList, HttpRequest } from "../../model/http.ts";
import { serviceKey } from "../../model/service.ts";
import type { MessageStream } from "../../net/message_stream.ts";
import type { WaypointCall } from "./call.ts";
import { hopTo } from "./hop.ts";
import { writeRequest } from "./http_request.ts";

/** A request that a provider is asked about. */
export interface Asked {
  readonly request: HttpRequest;
  readonly hasBody: boolean;
}

/**
 * Asks a provider. What cannot be asked as its configuration says counts as no
 * answer, and does not fail open.
 */
export async function askAuthorizer(
  call: WaypointCall,
  authorizer: ExternalAuthorizer,
  { request, hasBody }: Asked,
): Promise<CheckOutcome> {
  const wantsBody = authorizer.body !== undefined && hasBody;
  if (authorizer.protocol === "grpc" || wantsBody) {
    call.context.log("proxy::waypoint").warn(
      "an external authorizer cannot be asked in this version",
      {
        provider: authorizer.name,
        why: wantsBody ? "it wants bodies" : "it speaks gRPC",
      },
    );
    return failedCheck({ ...authorizer, failOpen: false }, request);
  }
  try {
    const answer = await ask(call, authorizer, request);
    return readAnswer(authorizer, request, answer);
  } catch (reason) {
    call.context.log("proxy::waypoint").warn("no answer of an authorizer", {
      provider: authorizer.name,
      error: messageOf(reason),
    });
    return failedCheck(authorizer, request);
  }
}

async function ask(
  call: WaypointCall,
  authorizer: HttpAuthorizer,
  request: HttpRequest,
): Promise<CheckAnswer> {
  const hop = await hopTo(call, targetOf(call, authorizer));
  if (typeof hop === "string") throw new Error(hop);
  const { method, authority, path, headers } = checkRequest(
    authorizer,
    request,
  );
  const asked = { method, scheme: "http", authority, path, headers };
  const stream = await call.upstreams.open(hop, "http1", {
    headers: writeRequest(asked, "http1"),
    end: true,
  });
  return await readWhole(stream, authorizer.timeoutMs);
}

/** @throws {Error} when the mesh knows no such service. */
function targetOf(
  { context: { mesh } }: WaypointCall,
  { service, port }: HttpAuthorizer,
): ServiceTarget {
  const [namespace, named] = service.includes("/")
    ? service.split("/")
    : [undefined, service];
  const found = mesh.servicesByHostname(named ?? "").find((s) =>
    namespace === undefined || s.namespace === namespace
  );
  if (found === undefined) throw new Error(`unknown service: ${service}`);
  return { kind: "service", service: serviceKey(found), port };
}

/** @throws {Error} when the response is cut, too large or too late. */
function readWhole(
  stream: MessageStream,
  timeoutMs: number,
): Promise<CheckAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<CheckAnswer>();
  const timer = setTimeout(() => fail("timeout"), timeoutMs);
  const fail = (why: string) => {
    reject(new Error(why));
    stream.reset();
  };
  let head: HeaderList | undefined;
  let body = new Uint8Array();
  stream.attach({
    onHeaders(headers, kind) {
      if (kind === "response") head = headers;
    },
    onData(octets) {
      const joined = new Uint8Array(body.length + octets.length);
      joined.set(body);
      joined.set(octets, body.length);
      body = joined;
      if (body.length > CHECK_ANSWER_SIZE_MAX) fail("answer too large");
    },
    onEnd() {
      if (head === undefined) return fail("no answer");
      const status = Number(head.find(([name]) => name === ":status")?.[1]);
      const headers = head.filter(([name]) => !name.startsWith(":"));
      resolve({ status, headers, body });
    },
    onDrain() {},
    onClose: (error) => reject(error ?? new Error("closed")),
  });
  return promise.finally(() => clearTimeout(timer));
}
