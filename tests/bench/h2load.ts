import { hasProgram, LabError } from "../lab/mod.ts";
import { median } from "./figures.ts";
import { type LoadGenerator, type LoadResult, runLoad } from "./load.ts";

/** nghttp2's h2load over cleartext HTTP/2; undefined when there is none. It goes as fast as it can. */
export async function findH2load(): Promise<LoadGenerator | undefined> {
  if (!await hasProgram("h2load")) return undefined;
  return {
    name: "h2load",
    async run(lab, from, load) {
      const log = `${lab.folder}/h2load.log`;
      await Deno.writeTextFile(log, ""); // it appends
      const command = [
        ...["h2load", "-D", `${load.seconds}`, `--log-file=${log}`],
        ...["-c", `${load.connections}`, "-m", `${load.streams ?? 1}`],
        load.url,
      ];
      const said = await runLoad(lab, from, command, load);
      return readH2load(said, await Deno.readTextFile(log), load.seconds);
    },
  };
}

/**
 * Reads what h2load printed and what it logged: a line for each request with
 * its start, status and length in microseconds, between tabs.
 *
 * @throws {LabError} when a request was not answered with 2xx.
 */
export function readH2load(
  said: string,
  log: string,
  seconds: number,
): LoadResult {
  const counts = /^requests:.* (\d+) succeeded, (\d+) failed/m.exec(said);
  const rows = log.split("\n").filter((line) => line !== "")
    .map((line) => line.split("\t"));
  const isGood = rows.every(([, status]) => status?.startsWith("2"));
  if (counts?.[2] !== "0" || rows.length === 0 || !isGood) {
    throw new LabError(`Cannot use load report: ${counts?.[0] ?? said}`);
  }
  const times = rows.map(([, , micros]) => Number(micros) / 1_000);
  times.sort((a, b) => a - b);
  const at = (share: number) =>
    times[Math.ceil(times.length * share) - 1] ?? NaN;
  return {
    requests: times.length,
    perSecond: times.length / seconds,
    p50: median(times),
    p90: at(0.9),
    p99: at(0.99),
  };
}
