import { useTexts } from '../page-context.js';
import { type Format, formats } from '../role-formats.js';
import { Link } from './basics.js';

/** The role templates to choose from: a link each, so they work without JavaScript. */
export function FormatTabs({ chosen, pathOf }: { chosen: Format; pathOf: (format: Format) => string }) {
  const texts = useTexts().setup;
  return (
    <nav aria-label={texts.formats}>
      <ul class="tablist">
        {formats.map((format) => (
          <li class="tab">
            <Link path={pathOf(format)} aria-current={format === chosen ? 'true' : undefined}>
              {texts.format[format]}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
