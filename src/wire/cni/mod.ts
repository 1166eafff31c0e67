/** The Container Network Interface as a chained plugin speaks it. No I/O. */
export * from "./limits.ts";
export { CNI_CODES, type CniCode, CniError } from "./errors.ts";
export {
  type CniCall,
  type Environment,
  type PodName,
  readCall,
  type Sandbox,
  versionOfInput,
} from "./call.ts";
export {
  type AgentKind,
  DEFAULT_AGENT_SOCKET,
  type PluginConf,
  readConf,
} from "./conf.ts";
export { isObject, type JsonObject } from "./json.ts";
export { addReply, errorReply, versionReply } from "./replies.ts";
export { addressesOf, type ResultAddress } from "./addresses.ts";
export { ISTIO_ADD_PATH, istioEvent } from "./istio_event.ts";
export {
  type NodeAnswer,
  nodePath,
  type NodeQuestion,
  type PodMessage,
  readNodeAnswer,
  readPodMessage,
} from "./node_messages.ts";
export {
  type Edit,
  PLUGIN_TYPE,
  withoutPlugin,
  withPlugin,
} from "./conflist.ts";
