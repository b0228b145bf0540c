import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { compressed } from "./scripts/compressed.ts";
import { configDocs } from "./scripts/config-docs.ts";
import { licences } from "./scripts/licences.ts";

export default defineConfig({
  plugins: [react(), configDocs(), licences(), compressed()],
  resolve: { alias: { "@": fileURLToPath(new URL("src", import.meta.url)) } },
  // The daemon puts the answer's own nonce in its place: src/octyne/api/pages.py.
  html: { cspNonce: "__CSP_NONCE__" },
  build: {
    outDir: "../src/octyne/dashboard",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 900,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
