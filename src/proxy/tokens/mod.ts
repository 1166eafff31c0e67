/** Request authentication: from a request and its rules to what a verified token says. */
export {
  authenticate,
  type Authentication,
  type TokenContext,
} from "./authenticate.ts";
export { VerifiedTokens } from "./verified_tokens.ts";
