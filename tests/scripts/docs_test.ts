/** The pages for readers: what they say can be typed, followed and found. */
import assert from "node:assert/strict";
import { DOCS, formatMarkdown, GENERATED_PAGES } from "../../scripts/docs.ts";
import { metricGroups } from "../../scripts/docs/families.ts";
import { refusals } from "../../scripts/docs/refusals.ts";
import { readSources } from "../../scripts/lint_imports.ts";
import { REPOSITORY } from "../../scripts/steps.ts";
import { type Flag, FLAGS } from "../../src/config/flags.ts";
import { type Machine, parseConfig } from "../../src/config/mod.ts";
import {
  anchors,
  brokenSpans,
  codeLines,
  codeSpans,
  expandUsage,
  hairpinCalls,
  links,
} from "../support/markdown.ts";

const read = (path: string) => Deno.readTextFileSync(`${REPOSITORY}/${path}`);
const exists = (path: string) => {
  try {
    Deno.statSync(`${REPOSITORY}/${path}`);
    return true;
  } catch {
    return false;
  }
};

const PAGES: readonly string[] = [
  "README.md",
  ".github/CHANGELOG.md",
  ".github/CONTRIBUTING.md",
  ".github/SECURITY.md",
  ...Array.from(Deno.readDirSync(`${REPOSITORY}/${DOCS}`))
    .map(({ name }) => `${DOCS}/${name}`).toSorted(),
];

for (const [name, make] of GENERATED_PAGES) {
  Deno.test(`${name} is what \`deno task docs\` makes of the source`, async () => {
    assert.equal(read(`${DOCS}/${name}`), await formatMarkdown(make()));
  });
}

const MACHINE: Machine = {
  hostname: "node-1",
  cpus: 4,
  ipv6Loopback: true,
  fileExists: () => false,
  readFile: () => undefined,
  parseYaml: () => undefined,
};

/** What Kubernetes sets. */
const IN_A_POD = { KUBERNETES_SERVICE_HOST: "10.96.0.1" };

/** What a reader puts in the place of a word in capitals. */
const PLACEHOLDERS: readonly (readonly [RegExp, string])[] = [
  [/NAMESPACE\/(?:NAME|POD)/g, "default/httpbin"],
  [/HOST:PORT/g, "127.0.0.1:8000"],
  [/IP:PORT/g, "10.0.1.5:8000"],
  [/\bURL\b|…/g, "https://istiod.istio-system.svc:15012"],
  [/\b[A-Z]{2,}(?!=)\b/g, "name"],
];

const filledIn = (text: string): string =>
  PLACEHOLDERS.reduce(
    (text, [found, value]) => text.replaceAll(found, value),
    text,
  );

/** Words as a shell would pass them on. */
const words = (text: string): readonly string[] =>
  filledIn(text).split(" ").map((word) => word.replaceAll(/^["']|["']$/g, ""));

const environment = (variables: readonly string[]): Record<string, string> =>
  Object.fromEntries(variables.map((text) => {
    const at = text.indexOf("=");
    return [text.slice(0, at), filledIn(text.slice(at + 1))];
  }));

for (const page of PAGES) {
  const text = read(page);
  Deno.test(`${page}: the product takes every call of itself`, () => {
    for (const { variables, usage } of hairpinCalls(text)) {
      for (const args of expandUsage(usage).map(words)) {
        const set = { ...IN_A_POD, ...environment(variables) };
        const run = () => parseConfig(args, set, MACHINE);
        assert.doesNotThrow(run, `hairpin ${args.join(" ")}`);
      }
    }
  });

  Deno.test(`${page}: every link leads somewhere`, () => {
    for (const link of links(text)) {
      if (/^https?:/.test(link)) continue;
      const { pathname, hash } = new URL(link, `file:///${page}`);
      const path = decodeURIComponent(pathname).slice(1);
      assert.ok(exists(path), link);
      if (hash === "") continue;
      assert.ok(anchors(read(path)).includes(hash.slice(1)), link);
    }
  });

  Deno.test(`${page}: no code is broken over two lines`, () => {
    assert.deepEqual(brokenSpans(text), []);
  });

  Deno.test(`${page}: every task exists`, () => {
    const shown = [...codeLines(text), ...codeSpans(text)].join("\n");
    const calls = shown.matchAll(/(?:\.\/scripts\/dev|deno task) ([\w-]+)/g);
    for (const [call, task] of calls) {
      assert.ok(Object.hasOwn(TASKS, task!), call);
    }
  });
}

const TASKS: object = JSON.parse(read("deno.json")).tasks;
const SOURCES = (await readSources(REPOSITORY)).map(({ text }) => text)
  .join("\n");
const COMMANDS = [
  ...["check", "explain", "config", "redirect"],
  ...["proxy", "version", "help"],
];
const FLAG_NAMES = new Set((FLAGS as readonly Flag[]).map(({ name }) => name));
const METRICS = metricGroups().flatMap(({ families }) => families)
  .flatMap(({ name, type }) => {
    if (type === "counter") return [name, `${name}_total`];
    const tails = type === "histogram" ? ["_bucket", "_sum", "_count"] : [];
    return [name, ...tails.map((tail) => name + tail)];
  });

/** Of tools beside the product, such as the benchmark. */
const isToolFlag = (name: string) =>
  ["scripts/compile.ts", "tests/bench/main.ts", "scripts/fuzz.ts"]
    .some((path) => new RegExp(`--${name}\\b|"${name}"`).test(read(path)));

/** Each kind of name, how it looks between backticks, and whether there is one like it. */
const NAMES: readonly (readonly [
  kind: string,
  look: RegExp,
  isThere: (name: string) => boolean,
])[] = [
  [
    "metric",
    /^(?:hairpin|istio|workload_manager)_[a-z0-9_]+(?=$|\*$|\{)/g,
    (name) =>
      METRICS.some((metric) =>
        metric === name || name.endsWith("_") && metric.startsWith(name)
      ),
  ],
  [
    "flag",
    /^--[a-z][a-z0-9-]*|(?<=^hairpin .*)--[a-z][a-z0-9-]*/g,
    (name) => FLAG_NAMES.has(name.slice(2)) || isToolFlag(name.slice(2)),
  ],
  [
    "name in capitals",
    /^[A-Z][A-Z0-9]*_[A-Z0-9_]*/g,
    // The last word of a name may be put in where it is used.
    (name) =>
      SOURCES.includes(name) ||
      SOURCES.includes(`${name.slice(0, name.lastIndexOf("_"))}_\${`),
  ],
  [
    "command",
    /(?<=^hairpin )[a-z]+/g,
    (word) => COMMANDS.includes(word),
  ],
  ["header", /^x-[a-z-]+$/g, (name) => SOURCES.includes(`"${name}"`)],
  [
    "path",
    /^(?:src|tests|scripts|\.github)\/[\w./-]*$/g,
    (path) => exists(path),
  ],
];

for (const page of PAGES) {
  for (const [kind, look, isThere] of NAMES) {
    Deno.test(`${page}: every ${kind} exists`, () => {
      const names = codeSpans(read(page)).flatMap((span) =>
        Array.from(span.matchAll(look), ([name]) => name)
      );
      assert.deepEqual(names.filter((name) => !isThere(name)), []);
    });
  }
}

Deno.test("the page of metrics has every family of src/telemetry", () => {
  const folder = "src/telemetry";
  const made = Array.from(
    Deno.readDirSync(`${REPOSITORY}/${folder}`),
    ({ name }) => read(`${folder}/${name}`),
  ).join("\n").matchAll(/\bname: "([a-z]+_[a-z_]+)"/g);
  const names = Array.from(made, ([, name]) => name!);
  assert.ok(names.length > 30, `${names.length}`);
  assert.deepEqual(names.filter((name) => !METRICS.includes(name)), []);
});

Deno.test("the page of settings has every refusal of this version", () => {
  const rows = read("src/config/unsupported.ts").match(/^ {2}\(c\) =>/gm);
  assert.equal(refusals().length, rows?.length);
});

Deno.test("README.md names every Debian package that scripts/dev installs", () => {
  const [needs = ""] = /^needs\(\) \{$[^]*?^\}$/m.exec(read("scripts/dev")) ??
    [];
  const packages = Array.from(
    needs.matchAll(/\w:([a-z][\w-]+)/g),
    ([, name]) => name!,
  );
  assert.ok(packages.length > 15, `${packages.length}`);
  const readme = read("README.md");
  assert.deepEqual(packages.filter((name) => !readme.includes(name)), []);
});

Deno.test("expandUsage() types out what brackets and bars stand for", () => {
  assert.deepEqual(expandUsage("check [--netns PATH | --pod A/B] [--json]"), [
    "check",
    "check --json",
    "check --netns PATH",
    "check --netns PATH --json",
    "check --pod A/B",
    "check --pod A/B --json",
  ]);
  assert.deepEqual(expandUsage("redirect apply|verify --x"), [
    "redirect apply --x",
    "redirect verify --x",
  ]);
});

Deno.test("brokenSpans() finds code with a line end in it", () => {
  const page = "a `b` c `d\n e` f\n\n    `g\n    h`\n\n`i`\n`j`";
  assert.deepEqual(brokenSpans(page), ["d\n e"]);
});

Deno.test("hairpinCalls() finds what is typed, and no drawing", () => {
  const page = [
    "text with hairpin check in it",
    "",
    "    hairpin --mode node \\",
    "      --config DIR   # a comment",
    "    hairpin --mode node     --kube FILE > LOG 2>&1 &",
    "    XDS_ADDRESS=x hairpin proxy ztunnel",
    "    kubectl exec POD -- hairpin check --json",
    "      hairpin (node-1)   hairpin (node-2)",
    "```sh",
    "./scripts/dev hairpin version",
    "```",
  ].join("\n");
  const none: string[] = [];
  assert.deepEqual(hairpinCalls(page), [
    { variables: none, usage: "--mode node --config DIR" },
    { variables: none, usage: "--mode node     --kube FILE" },
    { variables: ["XDS_ADDRESS=x"], usage: "proxy ztunnel" },
    { variables: none, usage: "check --json" },
    { variables: none, usage: "version" },
  ]);
});
