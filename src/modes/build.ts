/** How this program was made. */
export interface Build {
  /** The commit's full hash; with `-changed` behind it, files differed from it. */
  readonly commit: string;
  /** RFC 3339, in whole seconds. */
  readonly date: string;
}

/** Undefined where it runs from source; compiling puts a value in its place. */
export const BUILD: Build | undefined = undefined as Build | undefined;
