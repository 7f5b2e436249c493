/* Prints the README's command line that ends with the given command, so that CI tests exactly what the README says. */
import { readFileSync } from 'node:fs';

const [wanted] = process.argv.slice(2);
let readme;
try {
  readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
} catch {
  fail('there is no README.md');
}

const blocks = [...readme.matchAll(/^```\w*\n(.*?)^```/gms)].map(([, code]) => code);
const lines = blocks.flatMap((code) => code.split('\n')).map((line) => line.replace(/\s+#\s.*$/, '').trim());
const found = new Set(lines.filter((line) => line === wanted || line.endsWith(`&& ${wanted}`)));
if (found.size !== 1) {
  fail(`its code blocks must hold one command line that ends with "${wanted}", and hold ${found.size}`);
}
console.log([...found][0]);

function fail(problem) {
  console.error(`README.md: ${problem}`);
  process.exit(1);
}
