/** `docs/troubleshooting.md`, from the texts that the service shows at `/problems/{code}`. */
import { problems } from '../../service/api/problem.js';
import { aboutAccessKeys } from '../../service/problems/about-access-keys.js';
import { aboutRequests } from '../../service/problems/about-requests.js';
import { aboutRoles } from '../../service/problems/about-roles.js';
import { explanations } from '../../service/problems/index.js';

const groups = [
  ['Roles and connections', aboutRoles],
  ['Access keys', aboutAccessKeys],
  ['Requests and the service', aboutRequests],
] as const;

export function troubleshootingPage(): string {
  const sections = groups.map(([title, group]) =>
    [`## ${title}`, ...Object.keys(group).map((code) => entry(code as keyof typeof explanations))].join(
      '\n\n',
    ),
  );
  return `${introduction}\n${sections.join('\n\n')}\n`;
}

function entry(code: keyof typeof explanations): string {
  const [status, title] = problems[code];
  const { means, see, fix } = explanations[code];
  return `### ${code}\n\n_${title} (${status})._ ${means}\n\n- **How to see it**: ${see}\n- **How to fix it**: ${fix}`;
}

const introduction = `# Troubleshooting

<!-- Made by \`npm run docs\` from service/problems/; change it there. -->

Every error of the service is a problem (RFC 9457) with a stable \`code\`. Its \`type\` is a link to the text below, which the service shows
itself at \`/problems/{code}\`; \`detail\` says what happened this time, \`remedy\` what to do next. The header \`x-request-id\` finds the request in the
vendor's log and audit log.

- _A deploy fails_: its last lines name the code, and print the link.
- _A connection is \`failed\`_: \`GET /v1/connections/{id}\` shows its last verification with the code, each check, and the AWS request id of each probe.
- _503 or 429_: nothing was decided. The same request may be sent again after \`Retry-After\`.
- _The service does not start_: it names every wrong setting at once; [settings.md](settings.md) lists them all.
`;
