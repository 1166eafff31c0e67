/** What parsing may ask of the machine it runs on, so that it needs no rights itself. */
export interface Machine {
  readonly hostname: string;
  /** CPUs that the scheduler gives this process, 1 or more. */
  readonly cpus: number;
  /** Whether the loopback device has `::1`. */
  readonly ipv6Loopback: boolean;
  readonly fileExists: (path: string) => boolean;
  /** The file's text; undefined when there is no such file. Throws when it cannot be read. */
  readonly readFile: (path: string) => string | undefined;
  /** Reads one YAML or JSON document. Throws when it is none. */
  readonly parseYaml: (text: string) => unknown;
}
