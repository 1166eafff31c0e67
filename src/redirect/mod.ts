export {
  type ApplyOutcome,
  applyRedirect,
  type RedirectTarget,
  removeRedirect,
  verifyRedirect,
} from "./apply.ts";
export {
  type Backend,
  type BackendChoice,
  type BackendName,
  type BackendOptions,
  chooseBackend,
  nameOfBackend,
} from "./backend.ts";
export { type BinaryOptions, chooseIptables, type Iptables } from "./binary.ts";
export {
  type RedirectReport,
  type RedirectRequest,
  runRedirect,
} from "./command.ts";
export { compareRules, hasResidue } from "./compare.ts";
export { type BranchEniOptions, BranchEniRules } from "./branch_eni.ts";
export { RedirectError } from "./errors.ts";
export { backendsHolding } from "./holders.ts";
export type { HostOwner } from "./host_plan.ts";
export { HostRules, type HostRulesOptions } from "./host_rules.ts";
export { examineNft, type NftRedirection } from "./nft/examine.ts";
export { NFTABLES, readNft } from "./nft/programs.ts";
export { type NftRuleset, parseNftRuleset } from "./nft/ruleset.ts";
export {
  applyRedirectToOpen,
  countFates,
  describeOpenConnections,
  NO_OPEN_CONNECTIONS,
  type OpenConnectionFate,
  type OpenConnections,
  type OpenConnectionsUse,
} from "./open_connections.ts";
export {
  DEFAULT_PROBE_SOURCES,
  DEFAULT_REDIRECT_OPTIONS,
  type Family,
  planRedirect,
  type ProbeSources,
  type RedirectOptions,
} from "./plan.ts";
export { isServed } from "./served_netns.ts";
export { verifyRouting } from "./routing.ts";
export { parseRuleset, type Ruleset, targetOf } from "./ruleset.ts";
