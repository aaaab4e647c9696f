/** The dashboard's own build: index.html and mailbox.html with hashed assets. The fixed-name pages are built by scripts/build.mjs. */
import { defineConfig } from "vite";

export default defineConfig({
  esbuild: { jsx: "automatic", jsxImportSource: "preact", legalComments: "none" },
  build: {
    target: "es2022",
    outDir: "dist",
    emptyOutDir: true,
    assetsDir: "assets",
    // A data: URL in CSS or HTML would need a wider policy than 'self'.
    assetsInlineLimit: 0,
    // The polyfill is an inline-free module, but no browser we build for needs it.
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rollupOptions: { input: ["index.html", "mailbox.html"] },
  },
  server: {
    port: 5173,
    // `npm run dev` beside a running stack; nothing but the development server reads this.
    proxy: Object.fromEntries(
      ["/api", "/calendar", "/c", "/u", "/g", "/.well-known"].map((path) => [
        path,
        { target: process.env.MUSTER_PUBLIC_ORIGIN ?? "http://localhost:8080", changeOrigin: false },
      ]),
    ),
  },
});
