import { type Connection, verificationOf } from '../../domain/connection.js';
import { selfInspection } from '../../domain/trust-policy.js';
import { useTexts } from '../page-context.js';
import { Fold, Words } from './basics.js';
import { Code } from './code.js';
import { assuranceOf } from './status.js';

/** Beside a proof, whom else the trust policy lets in; without one, the policy by which the role may read itself. */
export function AssuranceDetails({ connection }: { connection: Connection }) {
  const { checks: texts } = useTexts();
  const check = verificationOf(connection)?.checks.find(({ name }) => name === 'trust_policy');
  if (assuranceOf(connection) === 'proven') {
    const { alsoTrusted = [], wholeAccounts = [] } = check ?? {};
    const notes = [
      ...(alsoTrusted.length > 0 ? [texts.alsoTrusted(alsoTrusted.join(', '))] : []),
      ...wholeAccounts.map(texts.wholeAccount),
    ];
    return (
      <>
        {notes.map((note) => (
          <p>
            <Words text={note} />
          </p>
        ))}
      </>
    );
  }
  if (check?.outcome !== 'not_checked' || !('roleArn' in connection)) return null;
  const statement = selfInspection(connection.roleArn);
  return (
    <Fold title={texts.showSelfInspection}>
      <Code
        id="self-inspection"
        title={texts.selfInspection}
        text={JSON.stringify({ Version: '2012-10-17', Statement: [statement] }, null, 2)}
      />
    </Fold>
  );
}
