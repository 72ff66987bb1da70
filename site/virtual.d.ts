// Modules that the build makes (vite.config.js).

declare module "virtual:files" {
  /** A file that the page fetches later: where it lies, and what it must be. */
  export type Entry = {
    /** Its address within the site, which changes with its content. */
    path: string;
    bytes: number;
    sha256: string;
    /** What is in it, if it is packed. */
    unpacked?: { bytes: number; sha256: string };
  };
  /** By name, as "models/cnn.npz". */
  export const files: Record<string, Entry>;
  /** Whether a service worker keeps the site. */
  export const offline: boolean;
  /** The public host that has Pyodide and NumPy, where the build was told to use one. */
  export const cdn: {
    host: string;
    files: { file: string; bytes: number; sha256: string }[];
    /** Pyodide's lock file, with NumPy as that host has it. */
    lock: { packages: Record<string, { file_name: string; sha256: string }> };
  } | null;
}

declare module "virtual:sandbox" {
  /** sandbox/worker.js and what it imports, as one script. */
  const code: string;
  export default code;
}

declare module "*?worker&url" {
  const url: string;
  export default url;
}
