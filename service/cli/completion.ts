import type { CommandRow } from './command-row.js';
import { UsageError } from './failure.js';
import { optionsOf, partsOf } from './options-of.js';

const shells = ['bash', 'zsh', 'fish'] as const;

export const completionCommands: readonly CommandRow[] = [
  {
    usage: 'completion <shell>',
    about: `prints a completion script for ${shells.join(', ')}`,
    example: `echo 'source <(rolebridge completion bash)' >> ~/.bashrc
  echo 'source <(rolebridge completion zsh)' >> ~/.zshrc
  rolebridge completion fish > ~/.config/fish/completions/rolebridge.fish`,
    run({ terminal, words: [name], table }) {
      const shell = shells.find((known) => known === name);
      if (shell === undefined)
        throw new UsageError(
          `There is no completion for ${JSON.stringify(name)}, only for ${shells.join(', ')}.`,
        );
      terminal.stdout.write(scripts[shell](wordsAfter(table)));
    },
  },
];

/** Completions of each command: `""` the program itself, `"connection list"` a leaf. */
function wordsAfter(table: readonly CommandRow[]): Map<string, string[]> {
  const words = new Map<string, Set<string>>([['', new Set(['help', '--version'])]]);
  for (const row of table) {
    const path = partsOf(row).words;
    for (const [index, word] of path.entries()) {
      const before = path.slice(0, index).join(' ');
      words.set(before, (words.get(before) ?? new Set()).add(word));
    }
    const flags = optionsOf(row).flatMap((option) => /--[\w-]+/.exec(option.flags) ?? []);
    words.set(path.join(' '), new Set(flags));
  }
  return new Map([...words].map(([path, next]) => [path, [...next, '--help']]));
}

/** Every command below the first, quoted. */
const pathsOf = (words: Map<string, string[]>, quote: string): string[] =>
  [...words.keys()].filter((path) => path !== '').map((path) => `${quote}${path}${quote}`);

const cases = (words: Map<string, string[]>) =>
  [...words].map(([path, next]) => `    "${path}") next="${next.join(' ')}" ;;`).join('\n');

/** The function that follows the words of the line and offers the next ones, in the syntax of bash and zsh. */
const shellFunction = (
  words: Map<string, string[]>,
  { typed, atDashes, offer }: { typed: string; atDashes: string; offer: string },
): string => `_rolebridge() {
  local word path="" next=""
  for word in ${typed}; do
    case "$word" in
      --) ${atDashes} ;;
      -*) ;;
      *) case "\${path:+$path }$word" in
        ${pathsOf(words, '"').join('|')}) path="\${path:+$path }$word" ;;
      esac ;;
    esac
  done
  case "$path" in
${cases(words)}
  esac
  ${offer}
}`;

const scripts: Record<(typeof shells)[number], (words: Map<string, string[]>) => string> = {
  bash: (words) => `${shellFunction(words, {
    typed: `"\${COMP_WORDS[@]:1:COMP_CWORD-1}"`,
    atDashes: 'return',
    offer: `COMPREPLY=($(compgen -W "$next" -- "\${COMP_WORDS[COMP_CWORD]}"))`,
  })}
complete -o default -F _rolebridge rolebridge
`,
  zsh: (words) => `#compdef rolebridge
${shellFunction(words, {
  typed: `"\${(@)words[2,CURRENT-1]}"`,
  atDashes: '_normal; return',
  offer: `compadd -- \${=next}\n  _files`,
})}
if [ "$funcstack[1]" = "_rolebridge" ]; then _rolebridge "$@"; else compdef _rolebridge rolebridge; fi
`,
  fish: (words) => `function __rolebridge_path
  set -l path
  for word in (commandline -opc)[2..-1]
    if not string match -q -- '-*' $word
      set -l longer (string join ' ' $path $word)
      if contains -- $longer ${pathsOf(words, "'").join(' ')}
        set path $path $word
      end
    end
  end
  string join ' ' $path
end
${[...words]
  .map(([path, next]) => {
    const condition = `-n 'test "(__rolebridge_path)" = "${path}"'`;
    return next
      .map((word) =>
        word.startsWith('--')
          ? `complete -c rolebridge ${condition} -l ${word.slice(2)}`
          : `complete -c rolebridge -f ${condition} -a ${word}`,
      )
      .join('\n');
  })
  .join('\n')}
`,
};
