/** Requests to the Kubernetes API. */
import type { Body } from "../body_chunks.ts";
import type { Clock } from "../../base/clock.ts";
import { HairpinError, messageOf } from "../../base/errors.ts";
import { type ClusterAccess, readSource } from "./cluster_access.ts";
import { Deadline } from "./deadline.ts";
import { excerpt, KubeApiError } from "./errors.ts";
import { HttpClients } from "./http_clients.ts";
import {
  ANSWER_TIMEOUT_MS,
  BODY_BYTES_MAX,
  EVENT_BYTES_MAX,
  HEADERS_TIMEOUT_MS,
  RETRY_AFTER_MAX_MS,
} from "./limits.ts";
import { readLines, readText } from "./read_body.ts";

export interface KubeRequest {
  /** What a role has to allow; also says what is done in errors. */
  readonly verb: "get" | "list" | "watch" | "patch" | "create" | "delete";
  /** As a role names it: `pods`, `gateways.gateway.networking.k8s.io/status`. */
  readonly resource: string;
  /** With its query. */
  readonly path: string;
  /** Sent as a JSON merge patch. */
  readonly patch?: unknown;
  /** Sent as a server-side apply: the query names the field manager. */
  readonly apply?: unknown;
  /** Sent as a new object. */
  readonly object?: unknown;
  /** Sent as the DeleteOptions of a deletion. */
  readonly deletion?: unknown;
}

export interface KubeClientOptions {
  readonly access: ClusterAccess;
  readonly clock: Clock;
  /** Default {@link HEADERS_TIMEOUT_MS}. */
  readonly headersTimeoutMs?: number;
  /** Default {@link ANSWER_TIMEOUT_MS}. */
  readonly answerTimeoutMs?: number;
}

/** What the parts that follow the API need of {@link KubeClient}. */
export type KubeApi = Pick<KubeClient, "json" | "watch">;

/**
 * Asks an API server. Token and certificate files are read again for every
 * request.
 *
 * Every failure is a {@link KubeApiError}, but that the caller's own signal
 * rejects with its reason.
 */
export class KubeClient implements Disposable {
  readonly #options: KubeClientOptions;
  readonly #clients: HttpClients;

  constructor(options: KubeClientOptions) {
    this.#options = options;
    this.#clients = new HttpClients(options.access);
  }

  /**
   * Reads the credentials, so that a start without them fails.
   *
   * @throws {HairpinError}
   */
  async prepare(): Promise<void> {
    await this.#clients.current();
    await this.#headers();
  }

  /** The answer as JSON. */
  async json(request: KubeRequest, signal: AbortSignal): Promise<unknown> {
    using deadline = new Deadline(signal, this.#options.clock);
    return await guarded(request, deadline, signal, async () => {
      const { body } = await this.#send(request, deadline);
      deadline.set(this.#options.answerTimeoutMs ?? ANSWER_TIMEOUT_MS);
      const text = await readText(body, BODY_BYTES_MAX, deadline.signal);
      try {
        return JSON.parse(text);
      } catch (cause) {
        throw new KubeApiError("the answer is not JSON", { cause });
      }
    });
  }

  /**
   * Opens a watch.
   *
   * @param lastsMs Longest time that it may take.
   * @returns Its lines, until the server ends it; to be read at once.
   */
  async watch(
    request: KubeRequest,
    lastsMs: number,
    signal: AbortSignal,
  ): Promise<AsyncGenerator<string, void, void>> {
    const deadline = new Deadline(signal, this.#options.clock);
    const guard = <T>(action: () => Promise<T>) =>
      guarded(request, deadline, signal, action);
    try {
      const { body } = await guard(() => this.#send(request, deadline));
      deadline.set(lastsMs);
      return guardedLines(body, deadline, guard);
    } catch (reason) {
      deadline[Symbol.dispose]();
      throw reason;
    }
  }

  [Symbol.dispose](): void {
    this.#clients[Symbol.dispose]();
  }

  async #send(request: KubeRequest, deadline: Deadline): Promise<Response> {
    deadline.set(this.#options.headersTimeoutMs ?? HEADERS_TIMEOUT_MS);
    const headers = await this.#headers();
    const sent = contentOf(request);
    if (sent !== undefined) headers.set("content-type", sent.type);
    const response = await fetch(
      `${this.#options.access.server}${request.path}`,
      {
        client: await this.#clients.current(),
        headers,
        // A redirect would carry the token elsewhere.
        redirect: "manual",
        signal: deadline.signal,
        ...sent !== undefined &&
          { method: sent.method, body: JSON.stringify(sent.value) },
      },
    );
    if (response.ok) return response;
    throw await refusal(request, response, deadline.signal);
  }

  async #headers(): Promise<Headers> {
    const headers = new Headers({
      accept: "application/json",
      "user-agent": "hairpin",
    });
    const { token: source } = this.#options.access;
    if (source === undefined) return headers;
    const token = (await readSource(source)).trim();
    if (!/^[\x21-\x7e]+$/.test(token)) {
      throw new KubeApiError("the token is not a line of printable ASCII");
    }
    headers.set("authorization", `Bearer ${token}`);
    return headers;
  }
}

/** What a request sends, and how; undefined when it only reads. */
function contentOf(
  { patch, apply, object, deletion }: KubeRequest,
): { method: string; type: string; value: unknown } | undefined {
  const json = "application/json";
  if (patch !== undefined) {
    return {
      method: "PATCH",
      type: "application/merge-patch+json",
      value: patch,
    };
  }
  if (apply !== undefined) {
    // JSON is YAML.
    const type = "application/apply-patch+yaml";
    return { method: "PATCH", type, value: apply };
  }
  if (object !== undefined) {
    return { method: "POST", type: json, value: object };
  }
  if (deletion === undefined) return undefined;
  return { method: "DELETE", type: json, value: deletion };
}

async function* guardedLines(
  body: Body,
  deadline: Deadline,
  guard: <T>(action: () => Promise<T>) => Promise<T>,
): AsyncGenerator<string, void, void> {
  using _owned = deadline;
  const lines = readLines(body, EVENT_BYTES_MAX, deadline.signal);
  try {
    for (;;) {
      const { done, value } = await guard(() => lines.next());
      if (done) return;
      yield value;
    }
  } finally {
    await lines.return();
  }
}

/** Says of every failure what was asked for. */
async function guarded<T>(
  request: KubeRequest,
  deadline: Deadline,
  signal: AbortSignal,
  action: () => Promise<T>,
): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    throw new KubeApiError(
      `Cannot ${request.verb} "${request.resource}": ${whyOf(cause, deadline)}`,
      cause instanceof KubeApiError
        ? { status: cause.status, retryAfterMs: cause.retryAfterMs, cause }
        : { cause },
    );
  }
}

function whyOf(cause: unknown, deadline: Deadline): string {
  if (deadline.expired) return "not in time";
  if (cause instanceof HairpinError) return cause.message;
  // The runtime says "fetch failed", and of what it died in the cause.
  const inner = cause instanceof Error && cause.cause !== undefined
    ? cause.cause
    : cause;
  return excerpt(messageOf(inner).replace(/^.*?for url \([^)]*\): /, ""));
}

/** What an answer that is no success says. */
async function refusal(
  { verb, resource }: KubeRequest,
  response: Response,
  signal: AbortSignal,
): Promise<KubeApiError> {
  const { status } = response;
  const said = await statusMessage(response, signal);
  const why = () => {
    switch (status) {
      case 401:
        return "401, the API server does not accept these credentials";
      case 403:
        return `403, this account lacks the right to ${verb} ${resource}`;
      default:
        return `status ${status}`;
    }
  };
  return new KubeApiError(said === "" ? why() : `${why()}: ${said}`, {
    status,
    retryAfterMs: retryAfterMs(response),
  });
}

async function statusMessage(
  { body }: Response,
  signal: AbortSignal,
): Promise<string> {
  try {
    const text = await readText(body, ERROR_BYTES_MAX, signal);
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === "string" ? excerpt(message) : "";
  } catch {
    return "";
  }
}

/** Largest body of an error that is read, in octets. */
const ERROR_BYTES_MAX = 65_536;

function retryAfterMs({ headers }: Response): number | undefined {
  const text = headers.get("retry-after") ?? "";
  if (!/^\d{1,6}$/.test(text)) return undefined;
  return Math.min(RETRY_AFTER_MAX_MS, Number(text) * 1_000);
}
