/** Whether a waypoint lets a request, or an opaque connection, pass. */
import type { ExternalAuthorizer } from "../../model/external_authorizer.ts";
import type { HttpRequest } from "../../model/http.ts";
import type { DryRunOutcome } from "../authorize.ts";
import { checkCustom, type CustomVerdict } from "./authorize_custom.ts";
import type {
  CompiledPolicies,
  CompiledPolicy,
  PolicyHit,
} from "./policies.ts";
import {
  type HttpPolicyInput,
  type HttpPolicySubject,
  httpPolicySubject,
} from "./policy_match.ts";
import { type LocalReply, localReply } from "./local_reply.ts";
import { denialDetails } from "./denial_details.ts";

/** An input that is certain to be about a request. */
export interface HttpInput extends HttpPolicyInput {
  readonly request: HttpRequest;
}

/** What policies had to say beside the decision. */
export interface PolicyReport {
  /** Rules of AUDIT policies that matched, one for each policy. */
  readonly audited: readonly PolicyHit[];
  readonly dryRun: readonly DryRunOutcome[];
}

export interface Allowed {
  readonly kind: "allow";
  /** undefined when there is no ALLOW policy. */
  readonly by: PolicyHit | undefined;
  readonly report: PolicyReport;
}

export interface Denied {
  readonly kind: "deny";
  /** undefined when none of several ALLOW policies matched. */
  readonly by: PolicyHit | undefined;
  /** Response code details, or connection termination details, of the access log. */
  readonly details: string;
  readonly report: PolicyReport;
}

/** A provider has to be asked first. */
export interface Asking<Input, Verdict> {
  readonly kind: "ask";
  readonly authorizer: ExternalAuthorizer;
  readonly by: PolicyHit;
  /** What comes after an answer that allows, about the input as the answer has changed it. */
  readonly proceed: (input: Input) => Verdict;
}

export type HttpVerdict =
  | Allowed
  | Denied & { readonly reply: LocalReply }
  | Asking<HttpInput, HttpVerdict>;

export type TcpVerdict =
  | Allowed
  | Denied
  | Asking<HttpPolicyInput, TcpVerdict>;

/**
 * Decides about a request: CUSTOM, then AUDIT, DENY and ALLOW.
 *
 * Where tokens are verified between CUSTOM and the rest, as in Istio, ask
 * {@link checkCustom} and {@link authorizeRequest} one after the other instead.
 */
export function authorizeHttp(
  compiled: CompiledPolicies,
  input: HttpInput,
): HttpVerdict {
  const next = (custom: CustomVerdict, about: HttpInput): HttpVerdict => {
    switch (custom.kind) {
      case "pass":
        return authorizeRequest(compiled, about);
      case "deny":
        return refused(custom, about.request);
      case "ask":
        return {
          ...custom,
          proceed: (changed) => next(custom.proceed(changed), changed),
        };
      default:
        throw new Error(`unhandled: ${custom satisfies never}`);
    }
  };
  return next(checkCustom(compiled, input), input);
}

/** The part of {@link authorizeHttp} that follows CUSTOM. */
export function authorizeRequest(
  compiled: CompiledPolicies,
  input: HttpInput,
): Exclude<HttpVerdict, { kind: "ask" }> {
  const verdict = decide(compiled, httpPolicySubject(input));
  return verdict.kind === "allow" ? verdict : refused(verdict, input.request);
}

/**
 * Decides about a connection whose bytes are passed on as they are.
 *
 * @param compiled Policies that were compiled for `tcp`.
 */
export function authorizeTcp(
  compiled: CompiledPolicies,
  input: Omit<HttpPolicyInput, "request" | "token">,
): TcpVerdict {
  const next = (custom: CustomVerdict, about: HttpPolicyInput): TcpVerdict =>
    custom.kind === "pass"
      ? decide(compiled, httpPolicySubject(about))
      : custom.kind === "deny"
      ? { ...custom, report: NOTHING }
      : {
        ...custom,
        proceed: (changed) => next(custom.proceed(changed), changed),
      };
  return next(checkCustom(compiled, input), input);
}

const NOTHING: PolicyReport = { audited: [], dryRun: [] };
const DENIAL_TEXT = "RBAC: access denied";

const refused = (
  denied: Omit<Denied, "report"> & { readonly report?: PolicyReport },
  request: HttpRequest,
): Denied & { readonly reply: LocalReply } => ({
  ...denied,
  report: denied.report ?? NOTHING,
  reply: localReply(request, { status: 403, body: DENIAL_TEXT }),
});

function decide(
  compiled: CompiledPolicies,
  subject: HttpPolicySubject,
): Allowed | Denied {
  const audited = hits(compiled.audit, subject);
  const denials = hits(compiled.dryRun.deny, subject);
  const dryRun = denials.map((hit) => outcome("deny", hit));
  const denied = firstHit(compiled.deny, subject);
  if (denied !== undefined) {
    const details = denialDetails(denied);
    return { kind: "deny", by: denied, details, report: { audited, dryRun } };
  }
  return decideByAllow(compiled, subject, { audited, dryRun });
}

function decideByAllow(
  { allow, dryRun }: CompiledPolicies,
  subject: HttpPolicySubject,
  { audited, dryRun: denials }: PolicyReport,
): Allowed | Denied {
  const trials = hits(dryRun.allow, subject).map((hit) =>
    outcome("allow", hit)
  );
  const isShut = dryRun.allow.length > 0 && trials.length === 0 &&
    allow.length === 0;
  const report: PolicyReport = {
    audited,
    dryRun: [...denials, ...isShut ? [NO_ALLOW] : trials],
  };
  const by = firstHit(allow, subject);
  if (by !== undefined || allow.length === 0) {
    return { kind: "allow", by, report };
  }
  return { kind: "deny", by, details: denialDetails(undefined), report };
}

const NO_ALLOW: DryRunOutcome = { kind: "no-allow" };

const outcome = (
  kind: "deny" | "allow",
  { namespace, name }: PolicyHit,
): DryRunOutcome => ({ kind, by: `${namespace}/${name}` });

const hits = (
  policies: readonly CompiledPolicy[],
  subject: HttpPolicySubject,
): PolicyHit[] =>
  policies.map(({ hit }) => hit(subject)).filter((hit) => hit !== undefined);

function firstHit(
  policies: readonly CompiledPolicy[],
  subject: HttpPolicySubject,
): PolicyHit | undefined {
  for (const { hit } of policies) {
    const found = hit(subject);
    if (found !== undefined) return found;
  }
  return undefined;
}
