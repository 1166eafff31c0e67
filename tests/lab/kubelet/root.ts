/** Runs programs in roots of their own, as a container runtime does. */
import type { Container } from "./template.ts";

/** A folder or file of this machine, at another path in the root. */
export interface Mount {
  readonly from: string;
  readonly to: string;
  readonly readOnly: boolean;
  /** Whether what is mounted below it later is seen, too. Default false. */
  readonly propagates?: boolean;
}

export interface Root {
  /** An empty folder where the root is put together. */
  readonly folder: string;
  readonly mounts: readonly Mount[];
  /** Paths of this machine that stay where they are: those of the program. */
  readonly kept: readonly string[];
  /** Lines for `/etc/hosts`. */
  readonly hosts: readonly string[];
  readonly readOnly: boolean;
}

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * The command that enters such a root and runs what stands behind it. All of it
 * is in a mount namespace of its own, and goes away with the process.
 */
export function enterRoot(root: Root): string[] {
  const script = [
    `set -e`,
    `root=${quote(root.folder)}`,
    BASE,
    ...root.hosts.map((line) => `echo ${quote(line)} >> "$root/etc/hosts"`),
    ...root.mounts.map(mountLine),
    ...root.kept.map((path) =>
      `[ -e "$root"${quote(path)} ] || ${
        mountLine({ from: path, to: path, readOnly: true, propagates: true })
      }`
    ),
    ...root.readOnly ? [READ_ONLY] : [],
    `exec chroot "$root" "$@"`,
  ].join("\n");
  return [
    ...["unshare", "--mount", "--propagation", "slave"],
    ...["sh", "-c", script, "sh"],
  ];
}

/** What an image would have is this machine's; what a node has is not there. */
const BASE = `
mount -t tmpfs -o mode=755 root "$root"
for top in /*; do
  name=\${top#/}
  case $name in host | opt | run | tmp | var | etc) continue ;; esac
  if [ -L "$top" ]; then cp -P "$top" "$root/$name"
  elif [ -d "$top" ]; then mkdir "$root/$name"; mount --rbind "$top" "$root/$name"
  fi
done
mkdir -p "$root/run" "$root/var" "$root/etc"
ln -s /run "$root/var/run"
cp -a /etc/. "$root/etc/"`;

function mountLine({ from, to, readOnly, propagates }: Mount): string {
  const source = quote(from);
  // The path through a link, such as /var/run, is made by what it leads to.
  const target = `"$root"${quote(to.replace(/^\/var\/run\//, "/run/"))}`;
  const make = `if [ -d ${source} ]; then mkdir -p ${target}; ` +
    `else mkdir -p "$(dirname ${target})"; touch ${target}; fi`;
  const bind = `mount --rbind ${source} ${target}`;
  const close = readOnly ? ` && mount -o remount,bind,ro ${target}` : "";
  const keep = propagates ? "" : ` && mount --make-rprivate ${target}`;
  return `{ ${make}; ${bind}${close}${keep}; }`;
}

const READ_ONLY = `
for top in bin etc home lib lib64 root sbin srv usr; do
  if mountpoint -q "$root/$top"; then mount -o remount,bind,ro "$root/$top"; fi
done
mount --bind "$root/proc/sys" "$root/proc/sys"
for path in proc/sys sys; do mount -o remount,bind,ro "$root/$path"; done
mount -o remount,ro "$root"
if touch "$root/etc/was-here" 2>/dev/null; then exit 70; fi`;

/** The command that takes the rights which a container does not get, and runs what stands behind it. */
export function dropRights({ securityContext }: Container): string[] {
  const { runAsUser, runAsGroup = 0, capabilities } = securityContext;
  const bounding = [
    "-all",
    ...(capabilities.add ?? []).map((name) => `+${name.toLowerCase()}`),
  ];
  return [
    ...["setpriv", "--reuid", `${runAsUser}`, "--regid", `${runAsGroup}`],
    ...["--clear-groups", `--bounding-set=${bounding.join(",")}`],
    "--inh-caps=-all",
    ...securityContext.allowPrivilegeEscalation ? [] : ["--no-new-privs"],
    "--",
  ];
}
