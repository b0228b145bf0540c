import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Plugin, ResolvedConfig } from "vite";

const WORTH_IT = /\.(js|css|svg|json|txt|webmanifest)$/;
const SMALLEST_BYTES = 512;

/** Puts a .br and a .gz beside each built file, so that the daemon has nothing to compress. */
export function compressed(): Plugin {
  let config: ResolvedConfig;
  return {
    name: "octyne-compressed",
    apply: "build",
    configResolved(resolved) {
      config = resolved;
    },
    closeBundle() {
      const root = join(config.root, config.build.outDir);
      for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
        const path = join(entry.parentPath, entry.name);
        if (!entry.isFile() || !WORTH_IT.test(entry.name)) continue;
        const content = readFileSync(path);
        if (content.length < SMALLEST_BYTES) continue;
        const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
        writeFileSync(`${path}.br`, brotliCompressSync(content, { params }));
        writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
      }
    },
  };
}
