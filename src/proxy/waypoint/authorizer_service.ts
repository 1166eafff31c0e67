/** The service behind a provider: found, asked, and heard out. */
import { HairpinError } from "../../base/errors.ts";
import { CHECK_ANSWER_SIZE_MAX } from "../../decide/ext_authz/limits.ts";
import type { ExternalAuthorizer } from "../../model/external_authorizer.ts";
import type { HeaderList } from "../../model/http.ts";
import { type Service, serviceKey } from "../../model/service.ts";
import { StreamResetError } from "../../net/h2_stream.ts";
import { ExchangeError } from "../../net/http1_session.ts";
import {
  readResponse,
  ResponseError,
  type WholeResponse,
} from "../../net/read_response.ts";
import { H2Code } from "../../wire/h2/mod.ts";
import type { WaypointCall } from "./call.ts";
import { hopTo } from "./hop.ts";
import type { HttpVersion } from "./upstreams.ts";

/** A whole request to a provider. */
export interface ProviderRequest {
  readonly version: HttpVersion;
  readonly headers: HeaderList;
  readonly body: Uint8Array;
}

/** A provider that could not be asked, or did not answer in time. */
export class AuthorizerError extends HairpinError {
  readonly code = "DIAL";

  constructor(provider: string, why: string) {
    super(`Cannot ask authorizer "${provider}": ${why}`);
  }
}

/** @returns undefined when the mesh has no such service, or it no such port. */
export function serviceOfAuthorizer(
  { context: { mesh } }: WaypointCall,
  { service, port }: ExternalAuthorizer,
): Service | undefined {
  const [namespace, hostname] = service.includes("/")
    ? service.split("/")
    : [undefined, service];
  return mesh.servicesByHostname(hostname ?? "").find((found) =>
    (namespace === undefined || found.namespace === namespace) &&
    Object.hasOwn(found.ports, port)
  );
}

/**
 * Asks, and hears the whole answer, all in the provider's time.
 *
 * @throws {HairpinError} when there is no answer.
 */
export async function askService(
  call: WaypointCall,
  authorizer: ExternalAuthorizer,
  service: Service,
  request: ProviderRequest,
): Promise<WholeResponse> {
  const { name, timeoutMs } = authorizer;
  const late = new AuthorizerError(name, `no answer in ${timeoutMs} ms`);
  return await within(timeoutMs, late, async (signal) => {
    const attempt = () => askOnce(call, authorizer, service, request, signal);
    try {
      return await attempt();
    } catch (reason) {
      if (!wasUnseen(reason) || signal.aborted) throw reason;
      return await attempt();
    }
  });
}

async function askOnce(
  call: WaypointCall,
  { name, port }: ExternalAuthorizer,
  service: Service,
  { version, headers, body }: ProviderRequest,
  signal: AbortSignal,
): Promise<WholeResponse> {
  const target = { kind: "service", service: serviceKey(service), port };
  const hop = await hopTo(call, { ...target, kind: "service" });
  if (typeof hop === "string") throw new AuthorizerError(name, hop);
  const end = body.length === 0;
  const stream = await call.upstreams.open(hop, version, { headers, end });
  signal.addEventListener("abort", () => stream.reset(), { once: true });
  if (signal.aborted) stream.reset();
  if (!end) {
    stream.write(body);
    stream.end();
  }
  return await readResponse(stream, CHECK_ANSWER_SIZE_MAX);
}

/** A connection that was kept ended just when it was used: nobody has seen the request. */
function wasUnseen(reason: unknown): boolean {
  const cause = reason instanceof ResponseError ? reason.cause : undefined;
  if (cause instanceof ExchangeError) {
    return cause.reused && cause.reason === "unanswered";
  }
  return cause instanceof StreamResetError &&
    cause.errorCode === H2Code.REFUSED_STREAM;
}

/** @throws {HairpinError} `late` after that time, or what `work` throws. */
async function within<T>(
  timeoutMs: number,
  late: HairpinError,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const ending = new AbortController();
  const expired = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    expired.reject(late);
    ending.abort();
  }, timeoutMs);
  try {
    return await Promise.race([work(ending.signal), expired.promise]);
  } finally {
    clearTimeout(timer);
  }
}
