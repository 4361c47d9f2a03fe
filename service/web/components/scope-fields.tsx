import type { Connection } from '../../domain/connection.js';
import { holderAndKey } from '../../domain/connection-scopes.js';
import { usePage, useTexts } from '../page-context.js';
import type { ScopeChoices, ScopeForm, ScopeNode } from '../pages/scope-choices.js';
import { Account, Button, Fold, Form, Link } from './basics.js';
import { Field, GroupError } from './field.js';
import { Icon } from './icon.js';
import { lastName, levelIcons, levelOf } from './scope.js';
import { accountOf } from './status.js';

/** The scope of a connection, chosen from known targets, and its name if it has none. */
export function ScopeFields({
  connection,
  tree,
  isCut,
  canType,
  form,
  action,
  withName,
}: ScopeChoices & { action: string; withName?: boolean }) {
  const { scope: texts, setup, list } = useTexts();
  const hasTyped = Object.values(form.typed).some((name) => name !== '');
  return (
    <Form path={action}>
      {withName && (
        <div class="section">
          <Field
            name="name"
            label={list.columns.name}
            value={form.name}
            error={form.wrong.name}
            help={setup.nameHelp}
            maxlength={100}
            width="m"
          />
        </div>
      )}
      <fieldset class="section" aria-describedby="scope-help">
        <legend class="sr">{list.columns.scope}</legend>
        <div class="section-head">
          <h3 aria-hidden="true">{list.columns.scope}</h3>
          <span class="small faint">{texts.today}</span>
        </div>
        <p class="help" id="scope-help">
          {texts.help}
        </p>
        {form.wrong.form && <GroupError text={form.wrong.form} />}
        <ul class="tree" role="list">
          <ChoiceNode node={tree} connection={connection} form={form} />
        </ul>
        {isCut && <p class="help">{texts.cut}</p>}
        {(canType || hasTyped) && (
          <Fold title={texts.other} open={hasTyped || tree.children.length === 0}>
            <p class="help">{texts.otherHelp}</p>
            <div class="names">
              {(['project', 'environment', 'architecture'] as const).map((name) => (
                <Field
                  name={name}
                  label={texts.otherNames[name]}
                  value={form.typed[name]}
                  error={form.wrong[name]}
                  maxlength={64}
                />
              ))}
            </div>
          </Fold>
        )}
      </fieldset>
      <div class="section">
        <div class="actions row-between">
          <Button look="primary" size="lg">
            {withName ? setup.finish : texts.save}
          </Button>
          {withName && (
            <Button look="quiet" name="later" value="1">
              {setup.later}
            </Button>
          )}
        </div>
      </div>
    </Form>
  );
}

interface NodeProps {
  readonly node: ScopeNode;
  readonly connection: Connection;
}

function ChoiceNode({ node, connection, form }: NodeProps & { form: ScopeForm }) {
  const other = node.isHeld && node.holder?.id !== connection.id ? node.holder : undefined;
  const conflict = other && other.status !== 'disconnected' ? other : undefined;
  const conflictId = conflict && `taken-${node.key || 'organization'}`;
  return (
    <li>
      <label class="node">
        <input
          class="tick"
          type="checkbox"
          name="scope"
          value={node.key}
          checked={form.chosen.has(node.key)}
          aria-describedby={conflictId}
        />
        <Icon name={levelIcons[levelOf(node.scope)]} />
        <span class="node-body">
          <NodeName node={node} />
          <HolderName node={node} connection={connection} />
        </span>
      </label>
      {conflict && conflictId && (
        <Conflict
          id={conflictId}
          node={node}
          holder={conflict}
          isConfirmed={form.replaced.has(holderAndKey(conflict, node.key))}
        />
      )}
      {node.children.length > 0 && (
        <ul>
          {node.children.map((child) => (
            <ChoiceNode node={child} connection={connection} form={form} />
          ))}
        </ul>
      )}
    </li>
  );
}

/** The declared name, with the id that scopes hold beside it. */
function NodeName({ node: { scope, name } }: { node: ScopeNode }) {
  const texts = useTexts().scope;
  const { organizationName } = usePage();
  const id = lastName(scope);
  return (
    <b>
      {name ?? id ?? organizationName}
      <em>
        {' '}
        {texts[levelOf(scope)]}
        {name !== undefined && name.toLowerCase() !== id?.toLowerCase() && (
          <>
            {' '}
            <code>{id}</code>
          </>
        )}
      </em>
    </b>
  );
}

function HolderName({ node, connection, isLink }: NodeProps & { isLink?: boolean }) {
  const { scope: texts, status } = useTexts();
  const { holder, isHeld } = node;
  if (holder === undefined) return <small class="faint">{texts.noConnection}</small>;
  if (holder.id === connection.id) return <small>{texts.this}</small>;
  if (!isHeld && !isLink) return <small class="faint">{texts.from(holder.name)}</small>;
  return (
    <small>
      {isLink ? <Link path={`/connections/${holder.id}`}>{holder.name}</Link> : holder.name}
      {holder.status !== 'connected' && `, ${status[holder.status].toLowerCase()}`}
    </small>
  );
}

function Conflict(props: { id: string; node: ScopeNode; holder: Connection; isConfirmed: boolean }) {
  const { scope: texts } = useTexts();
  const { holder } = props;
  return (
    <div class="callout callout-warn conflict" id={props.id}>
      <Icon name="alert" />
      <div>
        <strong>{props.node.key === '' ? texts.isDefault(holder.name) : texts.holds(holder.name)}</strong>
        {accountOf(holder) && (
          <span>
            {texts.uses} <Account id={accountOf(holder)} />. {texts.noTwo}
          </span>
        )}
        <label class="choice">
          <input
            class="tick"
            type="checkbox"
            name="replace"
            value={holderAndKey(holder, props.node.key)}
            checked={props.isConfirmed}
          />
          <span>{texts.replace(holder.name)}</span>
        </label>
      </div>
    </div>
  );
}

/** The effective connections by target, read-only. */
export const ScopeTreeView = ({ node, connection }: NodeProps) => (
  <li>
    <div class={node.holder?.id === connection.id ? 'node node-this' : 'node'}>
      <Icon name={levelIcons[levelOf(node.scope)]} />
      <span class="node-body">
        <NodeName node={node} />
        <HolderName node={node} connection={connection} isLink />
      </span>
    </div>
    {node.children.length > 0 && (
      <ul>
        {node.children.map((child) => (
          <ScopeTreeView node={child} connection={connection} />
        ))}
      </ul>
    )}
  </li>
);
