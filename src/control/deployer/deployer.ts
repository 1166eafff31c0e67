/** Has every wanted deployment be so at the API server. */
import type { CancelTimer, Clock } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import type { DeploymentState, WantedDeployment } from "../../kube/mod.ts";
import { isEqual } from "../../model/diff.ts";
import type { Logger } from "../../telemetry/log.ts";
import { eventRequest } from "../kube_event.ts";
import { type KubeApi, KubeApiError, retryDelayMs } from "../kube_api/mod.ts";
import { AccountBindings, type SharedBinding } from "./account_bindings.ts";
import { DENIALS_TO_BELIEVE, GATEWAYS_AT_ONCE, REAPPLY_MS } from "./limits.ts";
import { ForeignObjectError, OwnedObjects } from "./owned_objects.ts";

export interface DeployerOptions {
  readonly api: Pick<KubeApi, "json">;
  /** Which bindings give waypoints' accounts their rights. */
  readonly bindings: readonly SharedBinding[];
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  readonly log: Logger;
  /** What became of Gateways changed. */
  onStates(): void;
  /** Something that was to be done for a Gateway failed. */
  onFailure(status: number | undefined): void;
  readonly signal: AbortSignal;
}

/** A Gateway, and how far its deployment is. */
interface Entry {
  readonly wanted: WantedDeployment;
  state: DeploymentState | undefined;
  /** Whether the account of its name is the deployer's, or will be. */
  account: boolean;
  dueMs: number;
  failures: number;
  /** The last failure that was logged. */
  told: string | undefined;
}

/** What a look at a Gateway's objects found: their uids, in order. */
type Found = readonly (string | undefined)[];

/**
 * Works in rounds: looks whose the objects of all due Gateways are, writes the
 * rights of their accounts, applies the objects. A Gateway that fails is tried
 * again later, ever more seldom, and is nobody else's concern.
 */
export class Deployer implements Disposable {
  readonly #options: DeployerOptions;
  readonly #objects: OwnedObjects;
  readonly #bindings: AccountBindings;
  readonly #first = Promise.withResolvers<void>();
  #entries = new Map<string, Entry>();
  #bindingsDueMs = 0;
  #bindingsFailures = 0;
  #running = false;
  #again = false;
  #cancel: CancelTimer = () => {};

  constructor(options: DeployerOptions) {
    const { api, bindings, signal } = options;
    this.#options = options;
    this.#objects = new OwnedObjects(api, signal);
    this.#bindings = new AccountBindings(api, bindings, signal);
  }

  /** Settles when each Gateway of the first list has been tried once. */
  get settled(): Promise<void> {
    return this.#first.promise;
  }

  /** All Gateways that there are now. */
  want(deployments: readonly WantedDeployment[]): void {
    const before = this.#entries;
    this.#entries = new Map(deployments.map((wanted) => {
      const old = before.get(wanted.key);
      if (old !== undefined && isEqual(old.wanted, wanted)) {
        return [wanted.key, old];
      }
      const isSame = old?.wanted.uid === wanted.uid;
      return [wanted.key, {
        wanted,
        state: undefined,
        account: isSame && old.account,
        dueMs: 0,
        failures: 0,
        told: undefined,
      }];
    }));
    this.#run();
  }

  /** "none" of a Gateway that is not deployed; undefined: not known yet. */
  stateOf(key: string): DeploymentState | "none" | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.wanted.want.kind === "left") return "none";
    return entry.state;
  }

  /** How many Gateways are in each state; those that are not known yet in none. */
  counts(): Readonly<Record<DeploymentState["kind"], number>> {
    const counts = { deployed: 0, failed: 0 };
    for (const { state } of this.#entries.values()) {
      if (state !== undefined) counts[state.kind]++;
    }
    return counts;
  }

  [Symbol.dispose](): void {
    this.#cancel();
  }

  #run(): void {
    this.#again = true;
    if (this.#running) return;
    this.#running = true;
    void this.#rounds();
  }

  /** Never rejects. */
  async #rounds(): Promise<void> {
    const { clock, signal, log } = this.#options;
    this.#cancel();
    while (this.#again && !signal.aborted) {
      this.#again = false;
      try {
        await this.#round();
      } catch (reason) {
        log.error("gateways not deployed", { error: messageOf(reason) });
      }
    }
    this.#running = false;
    if (signal.aborted) return;
    this.#first.resolve();
    const dueMs = Math.min(
      this.#bindingsDueMs,
      ...[...this.#entries.values()].map((entry) => entry.dueMs),
    );
    this.#cancel = clock.setTimer(
      Math.max(0, dueMs - clock.nowMs()),
      () => this.#run(),
    );
  }

  async #round(): Promise<void> {
    const { clock, signal } = this.#options;
    const due = [...this.#entries.values()].filter(({ dueMs }) =>
      dueMs <= clock.nowMs()
    );
    const found = new Map<Entry, Found>();
    await inLanes(due, async (entry) => {
      const objects = await this.#try(entry, () => this.#look(entry));
      if (objects !== undefined) found.set(entry, objects);
    });
    if (signal.aborted) return;
    const problem = await this.#writeBindings();
    await inLanes([...found], async ([entry, uids]) => {
      await this.#try(entry, async () => {
        if (problem !== undefined) throw problem;
        await this.#apply(entry, uids);
      });
    });
  }

  /** @throws {HairpinError} when one of its objects cannot be read or is somebody else's. */
  async #look(entry: Entry): Promise<Found> {
    const { want, namespace, name } = entry.wanted;
    if (want.kind !== "objects") {
      entry.account = await this.#objects.hasAccount({ namespace, name });
      return [];
    }
    const uids: (string | undefined)[] = [];
    for (const object of want.objects) {
      const uid = await this.#objects.uidOf(object);
      uids.push(uid);
      if (object.kind === "ServiceAccount") entry.account = uid !== undefined;
    }
    // Where it is missing it is made in this round, as nothing is in the way.
    entry.account = true;
    return uids;
  }

  /** @returns why the accounts do not have their rights. */
  async #writeBindings(): Promise<unknown> {
    const { clock, random } = this.#options;
    if (this.#bindingsDueMs <= clock.nowMs()) {
      this.#bindings.forget();
      this.#bindingsDueMs = clock.nowMs() + restMs(random);
    }
    const accounts = [...this.#entries.values()].filter(({ account }) =>
      account
    );
    try {
      await this.#bindings.write(accounts.map(({ wanted }) => wanted));
      this.#bindingsFailures = 0;
      return undefined;
    } catch (reason) {
      const delayMs = retryDelayMs(++this.#bindingsFailures, random);
      this.#bindingsDueMs = clock.nowMs() + delayMs;
      return reason;
    }
  }

  async #apply({ wanted: { want } }: Entry, uids: Found): Promise<void> {
    if (want.kind !== "objects") return;
    for (const [at, object] of want.objects.entries()) {
      await this.#objects.apply(object, uids[at]);
    }
  }

  /** What the action returns; undefined when it failed, which is noted. */
  async #try<T>(
    entry: Entry,
    action: () => Promise<T>,
  ): Promise<T | undefined> {
    try {
      const result = await action();
      if (result === undefined) this.#done(entry);
      return result;
    } catch (reason) {
      if (!this.#options.signal.aborted) this.#failed(entry, reason);
      return undefined;
    }
  }

  #done(entry: Entry): void {
    const { clock, random, log } = this.#options;
    const { want, key } = entry.wanted;
    entry.failures = 0;
    entry.dueMs = clock.nowMs() + restMs(random);
    if (want.kind === "refused") {
      this.#become(entry, {
        kind: "failed",
        reason: "Refused",
        message: want.message,
      });
      return;
    }
    if (want.kind === "left") return;
    if (entry.state?.kind !== "deployed") {
      log.info("gateway deployed", { gateway: key });
    }
    entry.told = undefined;
    this.#become(entry, { kind: "deployed" });
  }

  #failed(entry: Entry, reason: unknown): void {
    const { clock, random, onFailure } = this.#options;
    const status = reason instanceof KubeApiError ? reason.status : undefined;
    const retryMs = reason instanceof KubeApiError ? reason.retryAfterMs : 0;
    entry.failures++;
    entry.dueMs = clock.nowMs() +
      Math.max(retryMs ?? 0, retryDelayMs(entry.failures, random));
    onFailure(status);
    const message = messageOf(reason);
    if (reason instanceof ForeignObjectError) {
      this.#become(entry, { kind: "failed", reason: "Conflict", message });
    } else if (passes(reason, entry.failures)) {
      this.#tell(entry, message);
    } else {
      this.#become(entry, { kind: "failed", reason: "NotApplied", message });
    }
  }

  #become(entry: Entry, state: DeploymentState): void {
    if (state.kind === "failed") this.#tell(entry, state.message);
    if (isEqual(entry.state, state)) return;
    entry.state = state;
    if (this.#entries.get(entry.wanted.key) !== entry) return;
    if (state.kind === "failed") void this.#report(entry, state);
    this.#options.onStates();
  }

  /** Logs each new failure once. */
  #tell(entry: Entry, error: string): void {
    if (entry.told === error) return;
    entry.told = error;
    const { log } = this.#options;
    log.warn("gateway not deployed", { gateway: entry.wanted.key, error });
  }

  /** Never rejects: the condition says it, too. */
  async #report(
    { wanted: { namespace, name, uid } }: Entry,
    { message }: DeploymentState & { kind: "failed" },
  ): Promise<void> {
    const { api, clock, log, signal } = this.#options;
    const apiVersion = "gateway.networking.k8s.io/v1";
    const about = { apiVersion, kind: "Gateway", namespace, name, uid };
    const words = { type: "Warning", reason: "NotDeployed", message } as const;
    try {
      await api.json(eventRequest(about, words, clock.nowMs()), signal);
    } catch (reason) {
      if (signal.aborted) return;
      log.debug("event not written", { error: messageOf(reason) });
    }
  }
}

/** Not all at the same moment. */
const restMs = (random: () => number): number =>
  REAPPLY_MS * (0.8 + 0.2 * random());

/**
 * A server that cannot be reached, is busy, or had a change at the same moment
 * says nothing of the Gateway; nor does one that has just been started, and
 * refuses what it will allow once it has read its roles.
 */
function passes(reason: unknown, failures: number): boolean {
  if (!(reason instanceof KubeApiError)) return false;
  const { status } = reason;
  return status === undefined || status === 409 || status === 429 ||
    (status === 403 && failures < DENIALS_TO_BELIEVE);
}

/** Some at a time, in order. The action must not reject. */
async function inLanes<T>(
  items: readonly T[],
  action: (item: T) => Promise<void>,
): Promise<void> {
  const left = items.values();
  const lane = async () => {
    for (const item of left) await action(item);
  };
  await Promise.all(Array.from({ length: GATEWAYS_AT_ONCE }, lane));
}
