import { judgeLeftBehind } from "../../../src/modes/check/judge_left_behind.ts";
import { testJudgements } from "./judged.ts";

testJudgements([
  [judgeLeftBehind("none", "self"), "ok", /nothing left/],
  [judgeLeftBehind("idle", undefined), "failed", /nobody serves it/],
  [judgeLeftBehind("idle", "agent"), "failed", /nobody serves it/],
  [judgeLeftBehind("idle", "self"), "failed", /are closed$/],
  [judgeLeftBehind("served", "self"), "warning", /^another process/],
]);
