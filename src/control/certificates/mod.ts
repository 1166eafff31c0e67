export { type CertificateIssuer, IssueError } from "./issuer.ts";
export {
  CertificateManager,
  type CertificateManagerOptions,
  type CertificateRow,
} from "./manager.ts";
export type { Priority } from "./priority.ts";
