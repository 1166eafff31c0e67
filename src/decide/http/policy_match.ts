/** The conditions of layer 7 policies, made into functions once and asked for each request. */
import { cidrContains, type Ip } from "../../model/address.ts";
import { compileFullMatch } from "../../model/full_match.ts";
import type { HttpPeer, HttpRequest, TokenClaims } from "../../model/http.ts";
import type {
  HttpCondition,
  PathMatch,
  Terms,
} from "../../model/http_policy.ts";
import { formatIdentity, principalOf } from "../../model/identity.ts";
import { namespacePattern } from "../../model/namespace_pattern.ts";
import type { ServiceAccountMatch, StringMatch } from "../../model/policy.ts";
import { claimTexts } from "../token/claims.ts";
import { requestField } from "./header_list.ts";
import { octetText } from "../octet_text.ts";
import { policyPath } from "./path_normalization.ts";
import { compilePathTemplate } from "./path_template.ts";

/** What is known of a connection or a request when it is to be judged. */
export interface HttpPolicyInput {
  /** undefined for a connection whose bytes are passed on as they are. */
  readonly request?: HttpRequest;
  readonly peer: HttpPeer;
  /** What a verified token says. */
  readonly token?: TokenClaims;
  /** The client before trusted proxies. Default: the peer's own address. */
  readonly remote?: Ip;
  /** Server name that the client asked for in a TLS connection inside the tunnel. */
  readonly sni?: string;
}

/** An input with the strings that patterns are compared with, made once for all policies. */
export interface HttpPolicySubject extends HttpPolicyInput {
  readonly principal: string | undefined;
  readonly spiffeId: string | undefined;
  readonly path: string | undefined;
  /** In lower case. */
  readonly host: string | undefined;
}

export function httpPolicySubject(input: HttpPolicyInput): HttpPolicySubject {
  const { request, peer: { identity } } = input;
  return {
    ...input,
    principal: identity && principalOf(identity),
    spiffeId: identity && formatIdentity(identity),
    path: request && policyPath(request.path),
    host: request?.authority.toLowerCase(),
  };
}

export type ConditionTest = (subject: HttpPolicySubject) => boolean;

const HTTP_ONLY: ReadonlySet<HttpCondition["on"]> = new Set([
  "host",
  "method",
  "path",
  "header",
  "requestPrincipal",
  "audience",
  "presenter",
  "claim",
]);

/** Whether the condition can only be answered about a request. */
export const isHttpOnly = ({ on }: HttpCondition): boolean => HTTP_ONLY.has(on);

/** @returns undefined for a condition that cannot be asked: a pattern that is none. */
export function compileCondition(
  condition: HttpCondition,
): ConditionTest | undefined {
  switch (condition.on) {
    case "principal":
      return ofText(condition, (s) => s.principal);
    case "trustDomain":
      return ofText(condition, (s) => s.peer.identity?.trustDomain);
    case "sni":
      return ofText(condition, (s) => s.sni);
    case "host":
      return ofWire(condition, (s) => s.host);
    case "method":
      return ofWire(condition, (s) => s.request?.method);
    case "presenter":
      return ofText(condition, (s) => s.token?.presenter);
    case "header":
      return ofWire(
        condition,
        (s) => s.request && requestField(s.request, condition.name),
      );
    case "path":
      return of(condition, pathTest, (s) => s.path);
    case "audience":
      return ofTexts(condition, (s) => s.token?.audiences ?? []);
    case "claim":
      return ofTexts(
        condition,
        (s) => claimTexts(s.token?.claims ?? {}, condition.path),
      );
    case "requestPrincipal":
      return of(condition, requestPrincipalTest, (s) => s.token);
    case "namespace":
      return namespaceTest(condition);
    case "serviceAccount":
      return of(condition, accountTest, (s) => s.peer.identity);
    case "sourceIp":
      return of(condition, cidrTest, (s) => s.peer.src.ip);
    case "remoteIp":
      return of(condition, cidrTest, (s) => s.remote ?? s.peer.src.ip);
    case "destinationIp":
      return of(condition, cidrTest, (s) => s.peer.dst.ip);
    case "destinationPort":
      return of(condition, portTest, (s) => s.peer.dst.port);
    default:
      throw new Error(`unhandled: ${condition satisfies never}`);
  }
}

type Test<Subject> = (subject: Subject) => boolean;

/** Asks a whole list of values about one thing; what is absent hits none. */
function of<Value, Subject>(
  { values, notValues }: Terms<Value>,
  compile: (values: readonly Value[]) => Test<Subject>,
  read: (subject: HttpPolicySubject) => Subject | undefined,
): ConditionTest {
  const hits = compile(values);
  const misses = compile(notValues);
  const asks = values.length > 0;
  return (subject) => {
    const found = read(subject);
    if (found === undefined) return !asks;
    return (!asks || hits(found)) && !misses(found);
  };
}

const ofText = (
  terms: Terms<StringMatch>,
  read: (subject: HttpPolicySubject) => string | undefined,
): ConditionTest => of(terms, stringTest, read);

/** For what comes from the wire, where a character beyond ASCII is several. */
const ofWire = (
  terms: Terms<StringMatch>,
  read: (subject: HttpPolicySubject) => string | undefined,
): ConditionTest =>
  of(terms, (matches) => stringTest(matches.map(wireMatch)), read);

const wireMatch = (match: StringMatch): StringMatch =>
  match.kind === "presence"
    ? match
    : { ...match, value: octetText(match.value) };

/** For what may have several values: one that hits is enough, on either list. */
const ofTexts = (
  terms: Terms<StringMatch>,
  read: (subject: HttpPolicySubject) => readonly string[],
): ConditionTest =>
  of(terms, (matches) => {
    const test = stringTest(matches);
    return (texts: readonly string[]) => texts.some(test);
  }, read);

/** Whether a text is one of several; what is exact costs one look-up however many there are. */
export function stringTest(matches: readonly StringMatch[]): Test<string> {
  const exact = new Set<string>();
  const patterns: Exclude<StringMatch, { kind: "exact" }>[] = [];
  for (const match of matches) {
    if (match.kind === "exact") exact.add(match.value);
    else patterns.push(match);
  }
  return (text) => exact.has(text) || patterns.some((p) => hasPattern(p, text));
}

function hasPattern(
  pattern: Exclude<StringMatch, { kind: "exact" }>,
  text: string,
): boolean {
  switch (pattern.kind) {
    case "prefix":
      return text.startsWith(pattern.value);
    case "suffix":
      return text.endsWith(pattern.value);
    case "presence":
      return text !== "";
    default:
      throw new Error(`unhandled: ${pattern satisfies never}`);
  }
}

function pathTest(matches: readonly PathMatch[]): Test<string> {
  const plain = stringTest(
    matches.filter((m) => m.kind !== "template").map(wireMatch),
  );
  const templates = matches.flatMap((m) =>
    m.kind === "template" ? [compilePathTemplate(m.template)] : []
  );
  return (path) => plain(path) || templates.some((test) => test(path));
}

/** A token without issuer or without subject has no principal, whatever the pattern. */
function requestPrincipalTest(
  matches: Extract<HttpCondition, { on: "requestPrincipal" }>["values"],
): Test<TokenClaims> {
  const tests = matches.map(({ issuer, subject }) => ({
    issuer: stringTest([issuer]),
    subject: stringTest([subject]),
  }));
  return ({ issuer, subject }) =>
    issuer !== "" && subject !== "" &&
    tests.some((test) => test.issuer(issuer) && test.subject(subject));
}

const PLAIN_NAMESPACE = /^[a-z0-9-]+$/;

function namespaceTest(terms: Terms<string>): ConditionTest | undefined {
  const all = [...terms.values, ...terms.notValues];
  const tests = new Map<string, Test<HttpPolicySubject>>();
  for (const value of all) {
    if (PLAIN_NAMESPACE.test(value)) {
      tests.set(value, (s) => s.peer.identity?.namespace === value);
      continue;
    }
    const matches = compileFullMatch(namespacePattern(value));
    if (matches === undefined) return undefined;
    tests.set(
      value,
      ({ spiffeId }) => spiffeId !== undefined && matches(spiffeId),
    );
  }
  return of(
    terms,
    (values) => (subject: HttpPolicySubject) =>
      values.some((value) => tests.get(value)!(subject)),
    (subject) => subject,
  );
}

const accountTest =
  (accounts: readonly ServiceAccountMatch[]): Test<ServiceAccountMatch> =>
  (identity) =>
    accounts.some(({ namespace, serviceAccount }) =>
      namespace === identity.namespace &&
      serviceAccount === identity.serviceAccount
    );

const cidrTest =
  (ranges: Extract<HttpCondition, { on: "sourceIp" }>["values"]): Test<Ip> =>
  (ip) => ranges.some((range) => cidrContains(range, ip));

const portTest = (ports: readonly number[]): Test<number> => (port) =>
  ports.includes(port);
