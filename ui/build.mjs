// Makes the page bundle: hashed files and manifest.json in src/trivium/entrypoints/web/static/bundle.
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const folder = join(here, "..", "src", "trivium", "entrypoints", "web", "static", "bundle");

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const result = await build({
  absWorkingDir: here,
  entryPoints: { pages: "src/main.ts", style: "src/css/style.css", mark: "src/mark.svg" },
  outdir: folder,
  bundle: true,
  format: "esm",
  splitting: true,
  minify: true,
  target: ["es2022", "chrome115", "firefox121", "safari17"],
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  loader: { ".woff2": "file", ".svg": "copy" },
  legalComments: "linked",
  metafile: true,
  logLevel: "warning",
});

// The fonts' licence (OFL-1.1) goes where the fonts go.
for (const [font, file] of [["inter-ui", "LICENSE.txt"], ["@fontsource-variable/jetbrains-mono", "LICENSE"]]) {
  copyFileSync(join(here, "node_modules", font, file), join(folder, `${font.replace(/.*\//, "")}-LICENSE.txt`));
}

// Names that templates use, without the hash, to the names in the folder.
const names = {};
for (const [file, output] of Object.entries(result.metafile.outputs)) {
  const hashed = basename(file);
  if (hashed.endsWith(".LEGAL.txt") || (hashed.endsWith(".js") && !output.entryPoint?.startsWith("src/main"))) continue;
  names[hashed.replace(/-[A-Z0-9]{8}(\.\w+)$/, "$1")] = hashed;
}
writeFileSync(join(folder, "manifest.json"), JSON.stringify(names, Object.keys(names).sort(), 2) + "\n");
