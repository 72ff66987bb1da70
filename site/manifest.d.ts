/** What the site consists of, made by the build (scripts/manifest.py). */
type Entry = { bytes: number; sha256: string };
declare const manifest: {
  /** Every file but the pages, which carry this one's hash, and the service worker. */
  files: Record<string, Entry>;
  /** What is in the gzipped ones. */
  unpacked: Record<string, Entry>;
  /** The modules that are loaded on their own: what each imports, itself included. */
  imports: Record<string, string[]>;
  /** Does a service worker keep the site? */
  offline: boolean;
};
export default manifest;
