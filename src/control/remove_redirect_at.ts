import { removeRedirect } from "../redirect/mod.ts";
import { closeFd } from "../sys/libc.ts";
import { netnsId, openNetns, ownNetnsId } from "../sys/netns.ts";

/**
 * Removes a pod's redirection, by the path of its namespace; harmless where
 * there is none.
 *
 * @throws when it may still be there.
 */
export async function removeRedirectAt(path: string): Promise<void> {
  const netns = openNetns(path);
  try {
    if (netnsId(netns) === ownNetnsId()) {
      throw new Error(`"${path}" is hairpin's own namespace`);
    }
    await removeRedirect({ netns });
  } finally {
    closeFd(netns);
  }
}
