/** The API without a network: lists and watches as a test gives them. */
import type {
  KubeApi,
  KubeRequest,
} from "../../../src/control/kube_api/client.ts";
import { KubeApiError } from "../../../src/control/kube_api/errors.ts";
import { followKubeApi } from "../../../src/control/kube_api/mod.ts";
import type {
  KubeFollowing,
  Scope,
} from "../../../src/control/kube_api/mod.ts";
import type { Kind, KubeObject } from "../../../src/kube/mod.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";

/** A watch that is open: the test says what happens on it. */
export class FakeWatch {
  readonly query: URLSearchParams;
  readonly path: string;
  #lines: string[] = [];
  #end: { readonly error?: Error } | undefined;
  #wake = Promise.withResolvers<void>();

  constructor(url: string) {
    const [path = "", query = ""] = url.split("?");
    this.path = path;
    this.query = new URLSearchParams(query);
  }

  async send(...events: readonly (object | string)[]): Promise<void> {
    this.#lines.push(
      ...events.map((e) => typeof e === "string" ? e : JSON.stringify(e)),
    );
    this.#wake.resolve();
    await settle();
  }

  async end(error?: Error): Promise<void> {
    this.#end = error === undefined ? {} : { error };
    this.#wake.resolve();
    await settle();
  }

  async *lines(signal: AbortSignal): AsyncGenerator<string, void, void> {
    signal.addEventListener("abort", () => void this.end(new Error("ended")));
    for (;;) {
      yield* this.#lines.splice(0);
      if (this.#end?.error !== undefined) throw this.#end.error;
      if (this.#end !== undefined) return;
      await this.#wake.promise;
      this.#wake = Promise.withResolvers<void>();
    }
  }
}

export type Lists = (path: string, query: URLSearchParams) => unknown;

export class FakeApi implements KubeApi {
  readonly requests: KubeRequest[] = [];
  readonly watches: FakeWatch[] = [];
  /** What a watch is refused with. */
  refuseWatch: Error | undefined;

  constructor(public lists: Lists) {}

  async json(request: KubeRequest): Promise<unknown> {
    this.requests.push(request);
    const [path = "", query = ""] = request.path.split("?");
    await Promise.resolve();
    return this.lists(path, new URLSearchParams(query));
  }

  async watch(
    request: KubeRequest,
    _lastsMs: number,
    signal: AbortSignal,
  ): Promise<AsyncGenerator<string, void, void>> {
    this.requests.push(request);
    await Promise.resolve();
    if (this.refuseWatch !== undefined) throw this.refuseWatch;
    const watch = new FakeWatch(request.path);
    this.watches.push(watch);
    return watch.lines(signal);
  }

  /** The watch that was opened last. */
  get latest(): FakeWatch {
    const watch = this.watches.at(-1);
    if (watch === undefined) throw new Error("no watch was opened");
    return watch;
  }

  listed(): number {
    return this.requests.filter(({ verb }) => verb === "list").length;
  }
}

export const failed = (status: number): KubeApiError =>
  new KubeApiError(`Cannot list: status ${status}`, { status });

/** What followed the fake API, and all that it told. */
export interface Followed {
  readonly api: FakeApi;
  readonly clock: FakeClock;
  readonly updates: (readonly KubeObject[])[];
  readonly logs: string[];
  readonly rejected: Kind[];
  readonly failures: (number | undefined)[];
  readonly following: KubeFollowing;
  records: number;
  /** Names of the objects of the last update. */
  names(): string[];
  end(): Promise<void>;
}

export async function follow(
  lists: Lists,
  scopes: readonly Scope[] = [{ kind: "Service" }],
  statusKinds: ReadonlySet<Kind> = new Set(),
): Promise<Followed> {
  const api = new FakeApi(lists);
  const clock = new FakeClock();
  const updates: (readonly KubeObject[])[] = [];
  const logs: string[] = [];
  const rejected: Kind[] = [];
  const failures: (number | undefined)[] = [];
  const ending = new AbortController();
  const say = (level: string) => (message: string, fields?: object) =>
    void logs.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`);
  const log = {
    error: say("error"),
    warn: say("warn"),
    info: say("info"),
    debug: () => {},
    trace: () => {},
    enabled: () => true,
    within: () => log,
  };
  const result = { records: 0 };
  const following = followKubeApi({
    api,
    scopes,
    statusKinds,
    clock,
    random: () => 0.5,
    log,
    counters: {
      failed: (_kind, status) => void failures.push(status),
      rejected: (kind) => void rejected.push(kind),
    },
    onUpdate: (objects) => void updates.push(objects),
    onRecords: () => void result.records++,
    signal: ending.signal,
  });
  await settle();
  return Object.assign(result, {
    api,
    clock,
    updates,
    logs,
    rejected,
    failures,
    following,
    names: () => (updates.at(-1) ?? []).map(({ metadata }) => metadata.name),
    async end() {
      ending.abort();
      await following.done;
    },
  });
}

let versions = 1;

/** A Service as the API shows it, of a version that is always new. */
export function service(name: string, more: object = {}, metadata = {}) {
  const resourceVersion = String(++versions);
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "n", resourceVersion, ...metadata },
    spec: { ports: [{ port: 80 }], ...more },
  };
}

export const listOf = (
  items: readonly object[],
  resourceVersion = "10",
  next = "",
) => ({ metadata: { resourceVersion, continue: next }, items });
