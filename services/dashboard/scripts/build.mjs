/** Builds the dashboard, then the fixed-name scripts and styles of the pages that services render. */
import { build } from "vite";

/** @type {Array<[name: string, input: string]>} */
const pages = [
  ["guest", "src/pages/guest/guest.ts"],
  ["crew", "src/pages/crew/crew.ts"],
  ["checkin", "src/pages/checkin/checkin.ts"],
];

await build();
for (const [name, input] of pages) {
  // One build each, so that each page loads a single file and shares no hashed chunk.
  await build({
    configFile: false,
    logLevel: "warn",
    publicDir: false,
    esbuild: { legalComments: "none" },
    build: {
      target: "es2022",
      outDir: "dist/pages",
      emptyOutDir: false,
      assetsInlineLimit: 0,
      modulePreload: false,
      cssCodeSplit: true,
      rollupOptions: {
        input: { [name]: input, [`${name}-style`]: `src/pages/${name}/${name}.css` },
        output: {
          entryFileNames: "[name].js",
          assetFileNames: (asset) => (asset.names.some((each) => each.endsWith(".css")) ? `${name}.css` : "[name][extname]"),
        },
      },
    },
  });
}
await import("./size.mjs");
