/** Builds the dashboard, then the fixed-name scripts and styles of the pages that services render. */
import { existsSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const dashboard = join(dirname(fileURLToPath(import.meta.url)), "..");
const dist = join(dashboard, "dist");
// Built aside and put in place at the end: whoever reads dist meanwhile sees the old build or the new one.
const aside = join(dashboard, "node_modules", `.dist-${process.pid}`);


/** @type {Array<[name: string, input: string]>} */
const pages = [
  ["guest", "src/pages/guest/guest.ts"],
  ["crew", "src/pages/crew/crew.ts"],
  ["checkin", "src/pages/checkin/checkin.ts"],
  ["checkin-worker", "src/pages/checkin/worker.ts"],
];

await build({ build: { outDir: aside, emptyOutDir: true } });
for (const [name, input] of pages) {
  const style = `src/pages/${name}/${name}.css`;
  // One build each, so that each page loads a single file and shares no hashed chunk.
  await build({
    configFile: false,
    logLevel: "warn",
    publicDir: false,
    esbuild: { legalComments: "none" },
    build: {
      target: "es2022",
      outDir: join(aside, "pages"),
      emptyOutDir: false,
      assetsInlineLimit: 0,
      modulePreload: false,
      cssCodeSplit: true,
      rollupOptions: {
        input: { [name]: input, ...(existsSync(join(dashboard, style)) ? { [`${name}-style`]: style } : {}) },
        output: {
          entryFileNames: "[name].js",
          // Only what a page fetches later: the door's reader of QR codes.
          chunkFileNames: `${name}-[name].js`,
          assetFileNames: (asset) => (asset.names.some((each) => each.endsWith(".css")) ? `${name}.css` : "[name][extname]"),
        },
      },
    },
  });
}
rmSync(dist, { recursive: true, force: true });
renameSync(aside, dist);
await import("./size.mjs");
