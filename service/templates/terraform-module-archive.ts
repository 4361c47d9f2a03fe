import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

/** The folder beside this one, in the source and in the package. */
const folder = new URL('../terraform-module/', import.meta.url);

/** The module as an archive that Terraform accepts as `source`. The same files give the same bytes. */
export function terraformModuleArchive(): Buffer {
  const files = readdirSync(folder).sort();
  return gzipSync(
    Buffer.concat([
      ...files.map((name) => tarEntry(name, readFileSync(new URL(name, folder)))),
      Buffer.alloc(2 * blockSize),
    ]),
  );
}

const blockSize = 512;

/** https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_06 (ustar) */
function tarEntry(name: string, content: Buffer): Buffer {
  const header = Buffer.alloc(blockSize);
  const octal = (value: number, length: number) => `${value.toString(8).padStart(length - 1, '0')}\0`;
  header.write(name, 0, 100);
  header.write(octal(0o644, 8), 100);
  header.write(octal(0, 8), 108);
  header.write(octal(0, 8), 116);
  header.write(octal(content.length, 12), 124);
  header.write(octal(0, 12), 136);
  // The checksum treats its own field as spaces.
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  header.write(
    octal(
      header.reduce((sum, byte) => sum + byte, 0),
      7,
    ),
    148,
  );
  const padding = Buffer.alloc((blockSize - (content.length % blockSize)) % blockSize);
  return Buffer.concat([header, content, padding]);
}
