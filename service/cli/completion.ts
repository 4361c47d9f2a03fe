import type { Command } from 'commander';
import { UsageError } from './failure.js';
import type { Terminal } from './terminal.js';
import { withExample } from './with-example.js';

const shells = ['bash', 'zsh', 'fish'] as const;

/** `rolebridge completion SHELL`: a script made of the commands as they are. */
export function addCompletionCommand(program: Command, terminal: Terminal): void {
  withExample(
    program.command('completion <shell>').description(`print a completion script for ${shells.join(', ')}`),
    `echo 'source <(rolebridge completion bash)' >> ~/.bashrc
  echo 'source <(rolebridge completion zsh)' >> ~/.zshrc
  rolebridge completion fish > ~/.config/fish/completions/rolebridge.fish`,
  ).action((name: string) => {
    const shell = shells.find((known) => known === name);
    if (shell === undefined)
      throw new UsageError(
        `There is no completion for ${JSON.stringify(name)}, only for ${shells.join(', ')}.`,
      );
    terminal.stdout.write(scripts[shell](wordsAfter(program)));
  });
}

/** Completions of each command: `""` the program itself, `"connection list"` a leaf. */
function wordsAfter(program: Command): Map<string, string[]> {
  const words = new Map<string, string[]>();
  const visit = (command: Command, path: string[]) => {
    words.set(path.join(' '), [
      ...command.commands.map((child) => child.name()),
      ...command.options.flatMap(({ long }) => long ?? []),
      '--help',
    ]);
    for (const child of command.commands) visit(child, [...path, child.name()]);
  };
  visit(program, []);
  return words;
}

/** Every command below the first, quoted. */
const pathsOf = (words: Map<string, string[]>, quote: string): string[] =>
  [...words.keys()].filter((path) => path !== '').map((path) => `${quote}${path}${quote}`);

const cases = (words: Map<string, string[]>) =>
  [...words].map(([path, next]) => `    "${path}") next="${next.join(' ')}" ;;`).join('\n');

const scripts: Record<(typeof shells)[number], (words: Map<string, string[]>) => string> = {
  bash: (words) => `_rolebridge() {
  local word path="" next="" current="\${COMP_WORDS[COMP_CWORD]}"
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in
      --) return ;;
      -*) ;;
      *) case "\${path:+$path }$word" in
        ${pathsOf(words, '"').join('|')}) path="\${path:+$path }$word" ;;
      esac ;;
    esac
  done
  case "$path" in
${cases(words)}
  esac
  COMPREPLY=($(compgen -W "$next" -- "$current"))
}
complete -o default -F _rolebridge rolebridge
`,
  zsh: (words) => `#compdef rolebridge
_rolebridge() {
  local word path="" next=""
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$word" in
      --) _normal; return ;;
      -*) ;;
      *) case "\${path:+$path }$word" in
        ${pathsOf(words, '"').join('|')}) path="\${path:+$path }$word" ;;
      esac ;;
    esac
  done
  case "$path" in
${cases(words)}
  esac
  compadd -- \${=next}
  _files
}
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
