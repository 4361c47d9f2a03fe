/** The source of the constructs, as it is for cdktf, and with the names of the modules exchanged for cdktn. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const here = import.meta.dirname;
/** The folders of the constructs; `init` is the same for both. */
export const SOURCE_FOLDERS = ['.', 'iam', 'props'];

/** @param {string} folder @param {'cdktf' | 'cdktn'} cdk */
export function writeSource(folder, cdk) {
  for (const name of SOURCE_FOLDERS) {
    mkdirSync(path.join(folder, name), { recursive: true });
    for (const file of readdirSync(path.join(here, name)).filter((each) =>
      /\.ts$|^role-policies\.json$/.test(each),
    )) {
      const source = readFileSync(path.join(here, name, file), 'utf8');
      writeFileSync(path.join(folder, name, file), cdk === 'cdktn' ? forCdktn(source) : source);
    }
  }
}

/** @param {string} source */
function forCdktn(source) {
  return source
    .replaceAll("'cdktf'", "'cdktn'")
    .replaceAll("'@cdktf/provider-aws/", "'@cdktn/provider-aws/")
    .replaceAll('`cdktf ', '`cdktn ')
    .replaceAll('@rolebridge/constructs`', '@rolebridge/constructs/cdktn`');
}
