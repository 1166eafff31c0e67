/** Whether a connection that is not HTTP may be made, and may go on. */
import { authorizeTcp, type TcpVerdict } from "../../decide/http/authorize.ts";
import type { ExternalAuthorizer } from "../../model/external_authorizer.ts";
import { askAboutConnection } from "./ask_authorizer.ts";
import { peerOf, serviceOf, type WaypointCall } from "./call.ts";
import { reportPolicies } from "./report_policies.ts";

/** Judges one connection, at first and again whenever policy changes. */
export class ConnectionJudge {
  readonly #call: WaypointCall;
  readonly #sni: string | undefined;
  /** Names of the authorizers that let it pass: each is asked once. */
  readonly #granted = new Set<string>();
  #asking = false;

  /** @param sni The name that the client asks for in TLS, if it does. */
  constructor(call: WaypointCall, sni: string | undefined) {
    this.#call = call;
    this.#sni = sni;
  }

  /** @returns why policy refuses it, as the access log has it; undefined when it does not. */
  async denial(): Promise<string | undefined> {
    this.#asking = true;
    try {
      for (;;) {
        const verdict = this.#verdict();
        if (verdict.kind !== "ask") return this.#conclude(verdict);
        if (!await this.#ask(verdict.authorizer)) return "ext_authz_denied";
      }
    } finally {
      this.#asking = false;
    }
  }

  /** Asks nobody: a connection that an authorizer should have been asked about ends. */
  get stillAllowed(): boolean {
    return this.#asking || this.#verdict().kind === "allow";
  }

  #verdict(): TcpVerdict {
    const call = this.#call;
    const policies = call.view.policiesFor(serviceOf(call), "tcp");
    const sni = this.#sni;
    const input = { peer: peerOf(call), ...sni !== undefined && { sni } };
    let verdict = authorizeTcp(policies, input);
    while (verdict.kind === "ask") {
      if (!this.#granted.has(verdict.authorizer.name)) return verdict;
      verdict = verdict.proceed(input);
    }
    return verdict;
  }

  #conclude(verdict: Exclude<TcpVerdict, { kind: "ask" }>): string | undefined {
    reportPolicies(this.#call.context, verdict.report);
    return verdict.kind === "deny" ? verdict.details : undefined;
  }

  async #ask(authorizer: ExternalAuthorizer): Promise<boolean> {
    // Policies with an HTTP provider do not count for connections.
    if (authorizer.protocol !== "grpc") return false;
    const allowed = await askAboutConnection(this.#call, authorizer);
    if (allowed) this.#granted.add(authorizer.name);
    return allowed;
  }
}
