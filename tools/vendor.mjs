// Copies the files we serve out of node_modules into the repository, with their licences.
//
//   npm ci && npm run vendor
//
// The copies are committed: running the project needs neither Node nor a network. The manifest it writes
// (static/vendor/manifest.json) names every version and hash; tests/pages/test_vendor.py compares them with the files.

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const modules = join(root, "node_modules");
const manifest = { packages: {}, files: {} };

const fonts = [
  { package: "@fontsource/literata", folder: "literata", files: ["literata-latin-500-normal.woff2", "literata-latin-ext-500-normal.woff2"] },
  { package: "@fontsource-variable/figtree", folder: "figtree", files: ["figtree-latin-wght-normal.woff2", "figtree-latin-ext-wght-normal.woff2"] },
];

// Every icon a template may include; add a name here, run the command, commit the file it makes.
const icons = (await readFile(join(root, "tools/icons.txt"), "utf8")).split(/\s+/).filter(Boolean);

async function put(target, content) {
  const path = join(root, target);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  manifest.files[target] = createHash("sha256").update(content).digest("hex");
}

async function copy(source, target) {
  await put(target, await readFile(join(modules, source)));
}

async function note(name) {
  const { version, license } = JSON.parse(await readFile(join(modules, name, "package.json"), "utf8"));
  manifest.packages[name] = { version, license };
}

// Our hashed static storage follows source map references, and the maps are not shipped.
const withoutSourceMap = (css) => css.replace(/\/\*# sourceMappingURL=.*?\*\/\s*$/, "");

// It holds a font of arrows for a toolbar that we do not show, as a data: address, which our policy refuses to load.
function withoutIconFont(script) {
  const rule = /@font-face\{font-family:"?fcicons"?;[^}]*\}/;
  if (!rule.test(script)) throw new Error("FullCalendar has its icons in another way now");
  return script.replace(rule, "");
}

// One line, sized by the text around it, silent to screen readers: the words beside it carry the meaning.
function compactIcon(svg) {
  const shapes = [...svg.matchAll(/<(?:path|circle|rect|line|polyline)\b[^>]*\/>/g)]
    .map(([shape]) => shape.replace(/\s+/g, " "))
    .filter((shape) => !shape.includes('d="M0 0h24v24H0z"'));
  return (
    '<svg class="icon" width="24" height="24" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" ' +
    `stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">${shapes.join("")}</svg>\n`
  );
}

for (const stale of ["static/vendor", "templates/icons"]) {
  await rm(join(root, stale), { recursive: true, force: true });
}

await note("@tabler/core");
const tabler = await readFile(join(modules, "@tabler/core/dist/css/tabler.min.css"), "utf8");
await put("static/vendor/tabler/tabler.min.css", withoutSourceMap(tabler));

// The standard bundle: the plugins that its pages use, in one file; it takes a nonce for the styles that it adds.
await note("fullcalendar");
const fullcalendar = await readFile(join(modules, "fullcalendar/index.global.min.js"), "utf8");
await put("static/vendor/fullcalendar/index.global.min.js", withoutIconFont(fullcalendar));
await copy("fullcalendar/LICENSE.md", "static/vendor/fullcalendar/LICENSE");

await note("@tabler/icons");
for (const name of icons) {
  const outline = join(modules, "@tabler/icons/icons/outline", `${name}.svg`);
  if (!existsSync(outline)) throw new Error(`Tabler has no outline icon called ${name}`);
  await put(`templates/icons/${name}.svg`, compactIcon(await readFile(outline, "utf8")));
}
// The kit's package carries no licence file; the icons, by the same author under the same licence, do.
await copy("@tabler/icons/LICENSE", "static/vendor/tabler/LICENSE");
await copy("@tabler/icons/LICENSE", "templates/icons/LICENSE");

for (const font of fonts) {
  await note(font.package);
  for (const file of font.files) await copy(`${font.package}/files/${file}`, `static/vendor/${font.folder}/${file}`);
  await copy(`${font.package}/LICENSE`, `static/vendor/${font.folder}/LICENSE`);
}

await note("axe-core");
await copy("axe-core/axe.min.js", "tests/browser/vendor/axe.min.js");
await copy("axe-core/LICENSE", "tests/browser/vendor/LICENSE");

await writeFile(join(root, "static/vendor/manifest.json"), JSON.stringify(manifest, null, 2) + "\n");
console.log(`${Object.keys(manifest.files).length} files copied.`);
