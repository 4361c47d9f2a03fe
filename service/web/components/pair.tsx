import { usePage, useTexts } from '../page-context.js';
import { Icon, type IconName } from './icon.js';

export type PairState = 'pending' | 'waiting' | 'checking' | 'failed' | 'tested' | 'proven' | 'disconnected';

const icons: Record<PairState, IconName> = {
  pending: 'dots',
  waiting: 'clock',
  checking: 'refresh',
  failed: 'x',
  tested: 'check',
  proven: 'proven',
  disconnected: 'unlink',
};

/** The vendor, a wire and AWS: the state of a connection from afar. */
export function Pair({ state, size }: { state: PairState; size?: 'sm' | 'lg' }) {
  const texts = useTexts().pair;
  return (
    <div class={size ? `pair pair-${size}` : 'pair'} data-state={state} role="img" aria-label={texts[state]}>
      <span class="pair-tile">
        <Mark />
      </span>
      <span class="pair-wire">
        <span class="pair-dot">
          <Icon name={icons[state]} />
        </span>
      </span>
      <span class="pair-tile">
        <span class="pair-aws">AWS</span>
      </span>
    </div>
  );
}

/** The vendor's mark; a neutral one where the brand file has none. */
export function Mark({ kind = 'mark' }: { kind?: string }) {
  const { brand, assets, session } = usePage();
  const theme = session?.look.theme;
  if (assets.logo === undefined)
    return (
      <svg class={kind} viewBox="0 0 28 28" aria-hidden="true">
        <path
          d="M9.500 17.500 6.800 20.200a4 4 0 0 1-5.600-5.600l4-4a4 4 0 0 1 5.600 0M18.500 10.500l2.700-2.700a4 4 0 0 1 5.600 5.600l-4 4a4 4 0 0 1-5.600 0M10 18l8-8"
          transform="translate(0 0)"
          fill="none"
          stroke="currentColor"
          stroke-width="2.400"
          stroke-linecap="round"
          stroke-linejoin="round"
        />
      </svg>
    );
  return (
    <picture>
      {brand.logoDark && assets.logoDark && theme !== 'light' && (
        <source srcset={assets.logoDark} media={theme ? undefined : '(prefers-color-scheme: dark)'} />
      )}
      <img class={kind} src={assets.logo} alt="" width="28" height="28" />
    </picture>
  );
}
