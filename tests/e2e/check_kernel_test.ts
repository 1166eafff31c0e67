/** `hairpin check` of a node's kernel: what it says of itself, laid over the real files for one process. */
import assert from "node:assert/strict";
import type { Finding } from "../../src/modes/check/finding.ts";
import { assertFinds, type Expected, runCheckFrom } from "./check_support.ts";
import { shareMesh } from "./support.ts";

const meshTest = shareMesh();

const RELEASE = Deno.osRelease();
const MODULES = `modules/${RELEASE}`;
const CONNTRACK = "/proc/sys/net/netfilter";

/** A kernel that could load all of them. */
const WHOLE = [
  ...["nf_conntrack", "nf_nat", "xt_REDIRECT", "xt_connmark", "xt_mark"],
  ...["xt_CT", "xt_owner", "xt_tcpudp", "xt_comment"],
  ...["nft_redir", "nft_ct", "nft_chain_nat"],
];
const dep = (names: readonly string[]) =>
  names.map((name) => `kernel/net/netfilter/${name}.ko.xz:\n`).join("");

/** Files of a folder of the test's, and the commands that lay them over the real ones. */
interface Laid {
  readonly what: string;
  readonly files: Readonly<Record<string, string>>;
  readonly mount: string;
  readonly finds: Expected;
}

// A distribution's own list is hidden by ours, and where there is none it is there.
const OVER_LIB =
  "mount -t overlay overlay -o lowerdir=$0/lib:/usr/lib /usr/lib";
// A kernel without modules has no such file.
const OVER_MODULES = `${OVER_LIB} && { [ ! -e /proc/modules ] || ` +
  "mount --bind $0/modules /proc/modules; }";
const overConntrack = (...names: readonly string[]) =>
  names.map((name) => `mount --bind $0/${name} ${CONNTRACK}/${name}`)
    .join(" && ");
const BOTH = overConntrack("nf_conntrack_count", "nf_conntrack_max");

const LAID: readonly Laid[] = [
  {
    what: "nothing wrong in a kernel that has all modules",
    files: {
      "modules": "",
      [`lib/${MODULES}/modules.builtin`]: "",
      [`lib/${MODULES}/modules.dep`]: dep(WHOLE),
    },
    mount: OVER_MODULES,
    finds: {},
  },
  {
    what: "a kernel without two modules, and nothing else",
    files: {
      "modules": "",
      [`lib/${MODULES}/modules.builtin`]: "kernel/net/netfilter/nf_nat.ko\n",
      [`lib/${MODULES}/modules.dep`]: dep(
        WHOLE.filter((name) =>
          !["nf_nat", "xt_owner", "nft_redir"].includes(name)
        ),
      ),
    },
    mount: OVER_MODULES,
    finds: {
      "kernel modules": ["warning", / lacks xt_owner; nft_redir$/],
    },
  },
  {
    what: "a table of connections that is nearly full, and nothing else",
    files: { nf_conntrack_count: "62260\n", nf_conntrack_max: "65536\n" },
    mount: BOTH,
    finds: {
      "connection tracking": ["failed", /^62260 of 65536: .*dropped$/],
    },
  },
  {
    what: "nothing wrong in a table that is less than nearly full",
    files: { nf_conntrack_count: "62258\n", nf_conntrack_max: "65536\n" },
    mount: BOTH,
    finds: {},
  },
  {
    what: "a table of connections that is too small, and nothing else",
    files: { nf_conntrack_count: "7\n", nf_conntrack_max: "8192\n" },
    mount: BOTH,
    finds: {
      "connection tracking": ["warning", /^room for 8192 only, under 16384$/],
    },
  },
  {
    what: "a kernel that tracks no connections, and nothing else",
    files: {},
    mount: `mount -t tmpfs none ${CONNTRACK}`,
    finds: { "connection tracking": ["failed", /tracks no connections$/] },
  },
];
for (const { what, files, mount, finds } of LAID) {
  meshTest(`check finds ${what}`, async ({ lab, server }) => {
    const folder = await Deno.makeTempDir({ dir: lab.folder });
    for (const [name, text] of Object.entries(files)) {
      const path = `${folder}/${name}`;
      await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), {
        recursive: true,
      });
      await Deno.writeTextFile(path, text);
    }
    const inside = `${mount} && exec "$@"`;
    const { stdout, stderr } = await runCheckFrom(
      lab,
      server.place,
      ["unshare", "--mount", "sh", "-c", inside, folder],
      ["--json", "--netns", "/dev/null"],
    );
    assert.notEqual(stdout, "", stderr);
    const findings = (JSON.parse(stdout) as Finding[])
      .filter(({ subject }) => subject === "node");
    assert.ok(findings.some(({ check }) => check === "kernel modules"));
    assertFinds(findings, finds);
  });
}
