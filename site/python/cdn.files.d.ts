/** What comes from a public host, as scripts/cdn.py writes it. */
declare const files: {
  /** The folder that has them. */
  host: string;
  files: { file: string; bytes: number; sha256: string }[];
  /** Pyodide's lock file, with NumPy as that host has it. */
  lock: any;
};
export default files;
