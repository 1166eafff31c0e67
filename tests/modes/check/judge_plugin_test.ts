import {
  judgePluginAgent,
  judgePluginApi,
  judgePluginKubeconfig,
  type PluginKubeconfig,
} from "../../../src/modes/check/judge_plugin.ts";
import { testJudgements } from "./judged.ts";

const NOW = new Date("2026-01-01T00:00:00Z");
const kubeconfig = (more: Partial<PluginKubeconfig>) =>
  judgePluginKubeconfig({
    path: "/run/k",
    problem: undefined,
    mode: 0o100600,
    shows: "token",
    expires: undefined,
    ...more,
  }, NOW);
const at = (text: string) => ({ expires: new Date(text) });

testJudgements([
  [kubeconfig({}), "ok", /^\/run\/k, a token without an end$/],
  [
    kubeconfig(at("2026-01-01T00:00:01Z")),
    "ok",
    /a token until 2026-01-01T00:00:01/,
  ],
  [
    kubeconfig(at("2026-01-01T00:00:00Z")),
    "failed",
    /its token expired at 2026-01-01T00:00:00/,
  ],
  [
    kubeconfig({ shows: "certificate", ...at("2025-12-31T00:00:00Z") }),
    "failed",
    /its certificate expired/,
  ],
  [kubeconfig({ shows: "none" }), "failed", /neither token nor certificate/],
  [kubeconfig({ problem: "Cannot read it" }), "failed", /^Cannot read it$/],
  [kubeconfig({ mode: 0o100644 }), "warning", /\(mode 0644\)$/],
  [kubeconfig({ mode: 0o100620 }), "warning", /\(mode 0620\)$/],
  [judgePluginApi("https://a", { kind: "answered" }), "ok", /^https:\/\/a /],
  [
    judgePluginApi("https://a", { kind: "refused", why: "401" }),
    "failed",
    /^https:\/\/a: 401: no pod of the mesh can start$/,
  ],
  [
    judgePluginApi("https://a", { kind: "silent", why: "refused" }),
    "failed",
    /^https:\/\/a: refused: /,
  ],
  [judgePluginAgent({ socket: "/s", problem: undefined }), "ok", /\/s$/],
  [
    judgePluginAgent({ socket: "/s", problem: "not ready" }),
    "failed",
    /^not ready: no pod of the mesh can start$/,
  ],
]);
