/** The `when` entries of an AuthorizationPolicy: which keys there are and what their values look like. */
import { parseCidr, parsePort } from "../../model/address.ts";

interface Condition {
  readonly key: string;
  readonly values: readonly string[];
  readonly notValues: readonly string[];
}

const isCidr = (text: string) => parseCidr(text) !== undefined;
const isPort = (text: string) => parsePort(text) !== undefined;
const anyText = () => true;

/** What a value of each key must be. Keys with a subscript are in {@link SUBSCRIPTED}. */
const VALUE_TESTS: ReadonlyMap<string, (text: string) => boolean> = new Map([
  ["source.ip", isCidr],
  ["remote.ip", isCidr],
  ["destination.ip", isCidr],
  ["destination.port", isPort],
  ["source.namespace", anyText],
  ["source.principal", (text) => !text.includes("spiffe://")],
  ["source.serviceAccount", (text) => /^([^/*]+\/)?[^/*]+$/.test(text)],
  ["source.trustDomain", (text) => /^(\*|\*?[^*/]+|[^*/]+\*)$/.test(text)],
  ["request.auth.principal", anyText],
  ["request.auth.audiences", anyText],
  ["request.auth.presenter", anyText],
  ["connection.sni", anyText],
]);

const SUBSCRIPTED =
  /^(request\.headers\[[^\[\]]+\]|request\.auth\.claims(\[[^\[\]]+\])+|experimental\.envoy\.filters\.[^\[\]]+(\[[^\[\]]+\])+)$/;

/** Why the condition cannot be used: its key, its values, or none at all; undefined when it can. */
export function conditionProblem(condition: Condition): string | undefined {
  const { key, values, notValues } = condition;
  const test = SUBSCRIPTED.test(key) ? anyText : VALUE_TESTS.get(key);
  if (test === undefined) return `has the unknown key "${key}"`;
  const all = [...values, ...notValues];
  if (all.length === 0) return "has neither values nor notValues";
  const bad = all.find((value) => !test(value));
  return bad === undefined
    ? undefined
    : `has the value ${JSON.stringify(bad)}, which ${key} cannot be`;
}
