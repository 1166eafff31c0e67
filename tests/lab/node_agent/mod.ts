export { NodeAgent } from "./agent.ts";
export { nodeAgentSkipReason } from "./requirements.ts";
