import type { ErrorCode } from '../../domain/error-catalog/index.js';

/** A code in German: its title; meaning and fix, where a customer's page can show it. */
type Row = readonly [title: string, meaning?: string, fix?: string];

const again = 'Versuchen Sie es in einer Minute noch einmal.';

export const germanCodes: Readonly<Record<ErrorCode, Row>> = {
  role_arn_invalid: [
    'Keine ARN einer IAM-Rolle',
    'Der Text ist nicht die ARN einer Rolle.',
    'Kopieren Sie die ARN in IAM aus der Zusammenfassung der Rolle. Sie beginnt mit `arn:aws:iam::` und enthält `:role/`.',
  ],
  partition_not_supported: [
    'AWS-Partition nicht unterstützt',
    'In dieser Partition von AWS gibt es keinen Prinzipal, dem die Rolle vertrauen könnte.',
    'Verbinden Sie ein Konto in einer der Partitionen, die zur Auswahl stehen.',
  ],
  role_in_vendor_account: [
    'Die Rolle ist in einem Konto, das nicht verbunden werden kann',
    'Die Rolle gehört zu unserem eigenen AWS-Konto und nicht zu Ihrem.',
    'Geben Sie die ARN einer Rolle in Ihrem Konto ein.',
  ],
  role_already_connected: [
    'Die Rolle ist bereits verbunden',
    'Eine andere Verbindung verwendet diese Rolle.',
    'Erstellen Sie für jede Verbindung eine eigene Rolle, oder löschen Sie die andere Verbindung zuerst.',
  ],
  role_not_assumable: [
    'Die Rolle kann nicht angenommen werden',
    'AWS lehnt `sts:AssumeRole` mit der External ID dieser Verbindung ab: die Rolle gibt es nicht, oder ihre Vertrauensrichtlinie erlaubt es nicht.',
    'Prüfen Sie die ARN, und ersetzen Sie die Vertrauensrichtlinie durch die angezeigte.',
  ],
  account_mismatch: [
    'Die Rolle ist in einem anderen Konto als erwartet',
    'Diese Verbindung gehört zu einem anderen AWS-Konto als dem der Rolle.',
    'Erstellen Sie die Rolle in dem Konto, das die Verbindung nennt.',
  ],
  account_not_bound: [
    'Die Verbindung gehört noch zu keinem Konto',
    'Es steht noch nicht fest, zu welchem AWS-Konto die Verbindung gehört.',
    'Geben Sie zuerst die AWS-Konto-ID ein.',
  ],
  role_id_mismatch: [
    'AWS öffnet eine andere Rolle, als der Stack gemeldet hat',
    'Unter diesem Namen wurde seit der Meldung eine andere Rolle erstellt.',
    'Führen Sie das Deployment noch einmal aus.',
  ],
  external_id_mismatch: [
    'Die External ID ist nicht die dieser Verbindung',
    'Der Stack verwendet die External ID einer anderen Verbindung.',
    'Kopieren Sie die External ID von dieser Seite in Ihren Code.',
  ],
  trust_policy_unsafe: [
    'Die Vertrauensrichtlinie ist unsicher',
    'Die Vertrauensrichtlinie wurde gelesen. Sie erlaubt mehr, als für diese Verbindung sicher ist.',
    'Ersetzen Sie sie durch die angezeigte, und prüfen Sie erneut.',
  ],
  proof_required: [
    'Die Vertrauensrichtlinie kann nicht gelesen werden',
    'Wir verlangen einen Beweis, und die Rolle kann ihre eigene Vertrauensrichtlinie nicht lesen.',
    'Erlauben Sie der Rolle `iam:GetRole` auf sich selbst, und prüfen Sie erneut.',
  ],
  permissions_missing: [
    'Der Rolle fehlen Berechtigungen',
    'Die Rolle darf nicht alles, was ihr Berechtigungspaket vorsieht, oder sie darf etwas, das es ausschließt.',
    'Setzen Sie das Paket ein, wie es veröffentlicht ist. Wenn eine Grenze oder Ihre Organisation etwas verbietet, fragen Sie Ihren Administrator.',
  ],
  permission_set_unknown: ['Dieses Berechtigungspaket gibt es nicht'],
  external_id_not_required: [
    'Die Rolle kann ohne die External ID angenommen werden',
    'AWS verlangt für diese Rolle keine External ID. Ein anderer Kunde, der ihre ARN eingibt, käme in Ihr Konto.',
    'Ersetzen Sie die Vertrauensrichtlinie durch die angezeigte, und prüfen Sie erneut.',
  ],
  external_id_not_enforced: [
    'Die Rolle kann mit einer anderen External ID angenommen werden',
    'AWS akzeptiert für diese Rolle auch andere External IDs als Ihre.',
    'Ersetzen Sie die Vertrauensrichtlinie durch die angezeigte, und prüfen Sie erneut.',
  ],
  previous_external_id_accepted: [
    'Die Rolle akzeptiert noch die vorige External ID',
    'Die neue External ID funktioniert, aber die alte ebenfalls noch.',
    'Entfernen Sie die alte aus der Vertrauensrichtlinie, und prüfen Sie erneut.',
  ],
  external_id_not_changing: [
    'Die External ID wird gerade nicht gewechselt',
    'Der Wechsel wurde schon beendet oder abgebrochen.',
    'Öffnen Sie die Verbindung, und beginnen Sie ihn bei Bedarf neu.',
  ],
  pending_external_id_in_use: [
    'Die Rolle akzeptiert nur die neue External ID',
    'Der Wechsel kann nicht abgebrochen werden, solange die Rolle nur die neue External ID akzeptiert.',
    'Setzen Sie zuerst die bisherige wieder ein, oder beenden Sie den Wechsel.',
  ],
  access_not_ended: ['AWS erlaubt den Zugriff auf die Rolle noch'],
  role_missing: [
    'Die Verbindung hat noch keine Rolle',
    'Es wurde noch keine Rolle eingegeben oder gemeldet.',
    'Erstellen Sie zuerst die Rolle.',
  ],
  verification_in_progress: [
    'Noch nicht entschieden',
    'Eine Prüfung dieser Verbindung läuft gerade.',
    'Warten Sie einen Moment, und laden Sie die Seite neu.',
  ],
  scope_taken: [
    'Eine andere Verbindung hat den Geltungsbereich',
    'Zwei Verbindungen können nicht denselben Geltungsbereich haben.',
    'Wählen Sie einen anderen, oder ersetzen Sie die andere Verbindung dort.',
  ],
  connection_not_found: [
    'Diese Verbindung gibt es nicht',
    'Die Adresse ist falsch, oder die Verbindung wurde gelöscht.',
    'Wählen Sie eine Verbindung aus der Liste.',
  ],
  connection_changed: [
    'Die Verbindung wurde inzwischen geändert',
    'Jemand anderes hat sie im selben Moment geändert.',
    'Laden Sie die Seite neu, und wiederholen Sie den Schritt.',
  ],
  connection_disconnected: [
    'Die Verbindung ist getrennt',
    'Die Rolle wurde gelöscht.',
    'Verbinden Sie das Konto erneut.',
  ],
  enrollment_ended: ['Die Anmeldung der Konten ist beendet'],
  account_not_enrollable: ['Die Anmeldung gilt nicht für dieses Konto'],
  account_not_proved: ['Das Konto wurde nicht nachgewiesen'],
  no_connection_for_target: ['Für das Ziel gilt keine Verbindung'],
  connection_not_healthy: ['Die Verbindung des Ziels ist gestört'],
  method_mismatch: [
    'Das passt nicht zur Art der Verbindung',
    'Diese Verbindung verwendet einen Zugriffsschlüssel und keine Rolle, oder umgekehrt.',
    'Öffnen Sie die Verbindung, und wählen Sie dort.',
  ],
  duration_too_long: ['Die Sitzung wäre länger als erlaubt'],
  session_tags_denied: ['Die Rolle erlaubt keine Sitzungs-Tags'],
  session_policy_invalid: ['AWS akzeptiert die Sitzungsrichtlinie nicht'],
  access_key_invalid: [
    'AWS akzeptiert den Zugriffsschlüssel nicht',
    'Die beiden Teile passen nicht zusammen, oder der Schlüssel ist in AWS gelöscht oder inaktiv.',
    'Kopieren Sie beide Teile noch einmal, oder erstellen Sie einen neuen Schlüssel.',
  ],
  access_key_expired: [
    'Der Zugriffsschlüssel ist abgelaufen',
    'Temporäre Schlüssel gelten nur für einige Stunden.',
    'Geben Sie einen neuen ein.',
  ],
  access_key_unreadable: [
    'Der gespeicherte Zugriffsschlüssel kann nicht entschlüsselt werden',
    'Der Schlüssel wurde mit einem Dienstschlüssel verschlüsselt, den es nicht mehr gibt.',
    'Ersetzen Sie den Zugriffsschlüssel.',
  ],
  access_key_not_available: [
    'Zugriffsschlüssel sind nicht verfügbar',
    'Zugriffsschlüssel können hier nicht gespeichert werden.',
    'Verbinden Sie das Konto mit einer Rolle.',
  ],
  access_key_turned_off: [
    'Zugriffsschlüssel sind abgeschaltet',
    'Hier werden keine Zugriffsschlüssel angenommen.',
    'Verbinden Sie das Konto mit einer Rolle.',
  ],
  root_access_key: [
    'Der Zugriffsschlüssel gehört dem Root-Benutzer',
    'Ein Schlüssel des Root-Benutzers darf alles und kann nicht eingeschränkt werden.',
    'Erstellen Sie einen Benutzer mit eigenen Berechtigungen, und löschen Sie diesen Schlüssel.',
  ],
  key_in_vendor_account: [
    'Der Zugriffsschlüssel gehört zu einem Konto, das nicht verbunden werden kann',
    'Der Schlüssel gehört zu unserem eigenen AWS-Konto.',
    'Geben Sie einen Schlüssel Ihres Kontos ein.',
  ],
  organization_not_found: ['Diese Organisation gibt es nicht'],
  organization_suspended: [
    'Die Organisation ist gesperrt',
    'Solange sie gesperrt ist, kann hier nichts gelesen oder geändert werden.',
    'Wenden Sie sich an unseren Support.',
  ],
  project_not_found: ['Dieses Projekt gibt es nicht'],
  webhook_endpoint_not_found: ['Diesen Webhook-Endpunkt gibt es nicht'],
  webhook_endpoint_of_settings: ['Die Einstellungen legen diesen Endpunkt fest'],
  webhook_delivery_not_found: ['Diese Zustellung gibt es nicht'],
  target_unknown: [
    'Das Ziel ist nicht bekannt',
    'Dieses Projekt, diese Umgebung oder diese Architektur gibt es nicht.',
    'Wählen Sie ein Ziel aus der Liste.',
  ],
  reference_taken: ['Die Referenz ist vergeben'],
  request_in_progress: [
    'Dieselbe Anfrage wird gerade bearbeitet',
    'Die erste ist noch nicht beantwortet.',
    again,
  ],
  request_outcome_unknown: ['Der Ausgang der Anfrage ist unbekannt'],
  secret_no_longer_available: ['Das Geheimnis ist nicht mehr verfügbar'],
  request_invalid: [
    'Die Eingabe ist ungültig',
    'Ein Feld ist leer, zu lang oder hat die falsche Form.',
    'Gehen Sie zurück, und berichtigen Sie es.',
  ],
  unauthorized: ['Kein gültiger API-Schlüssel'],
  permission_denied: [
    'Nicht erlaubt',
    'Ihre Anmeldung erlaubt das nicht.',
    'Fragen Sie die Person, die Ihnen den Link gesendet hat.',
  ],
  callback_unauthorized: ['Nicht mit dem Geheimnis dieser Verbindung signiert, oder veraltet'],
  idempotency_key_reused: ['Die Kennung wurde für eine andere Anfrage verwendet'],
  callback_in_progress: ['Noch nicht entschieden', 'Dieselbe Meldung wird gerade geprüft.', again],
  aws_unavailable: [
    'AWS hat nicht geantwortet',
    'AWS war nicht erreichbar oder überlastet. Über Ihre Rolle sagt das nichts.',
    again,
  ],
  vendor_credentials_invalid: [
    'Unsere eigenen AWS-Zugangsdaten funktionieren nicht',
    'Der Fehler liegt bei uns. Über Ihre Rolle sagt er nichts.',
    'Wir wissen davon. Versuchen Sie es später noch einmal.',
  ],
  vendor_not_allowed: [
    'Eine unserer eigenen Richtlinien lehnt den Aufruf ab',
    'Der Fehler liegt bei uns. Über Ihre Rolle sagt er nichts.',
    'Wir wissen davon. Versuchen Sie es später noch einmal.',
  ],
  rate_limited: ['Zu viele Anfragen', 'In kurzer Zeit kamen zu viele Anfragen.', again],
  quota_exceeded: [
    'Das Kontingent ist ausgeschöpft',
    'Ihre Organisation hat so viele Verbindungen, wie sie haben darf.',
    'Löschen Sie Verbindungen, die Sie nicht mehr brauchen, oder wenden Sie sich an unseren Support.',
  ],
  store_unavailable: [
    'Der Speicher ist nicht verfügbar',
    'Der Fehler liegt bei uns. Es wurde nichts geändert.',
    again,
  ],
  form_refused: [
    'Das Formular wurde abgelehnt',
    'Es kam nicht von dieser Seite oder ist zu alt.',
    'Öffnen Sie die Seite noch einmal, und senden Sie das Formular von dort. Cookies müssen erlaubt sein.',
  ],
  session_ended: [
    'Die Sitzung ist abgelaufen',
    'Sie sind nicht mehr angemeldet. Es wurde nichts geändert.',
    'Melden Sie sich noch einmal an, und wiederholen Sie den Schritt.',
  ],
  sign_in_link_invalid: [
    'Der Anmelde-Link gilt nicht mehr',
    'Dieser Link wurde schon verwendet oder ist abgelaufen.',
    'Bitten Sie die Person, die ihn gesendet hat, um einen neuen.',
  ],
  api_key_not_found: ['Diesen API-Schlüssel gibt es nicht'],
  api_key_in_use: ['Der API-Schlüssel ist der verwendete'],
  not_found: [
    'Nicht gefunden',
    'Diese Seite gibt es nicht.',
    'Prüfen Sie die Adresse, oder beginnen Sie bei der Liste der Verbindungen.',
  ],
  method_not_allowed: ['Diese Methode ist hier nicht erlaubt'],
  request_too_slow: ['Die Anfrage kam zu langsam an'],
  headers_too_large: ['Die Kopfzeilen sind zu groß'],
  body_too_large: ['Der Inhalt ist zu groß', 'Es wurde zu viel auf einmal gesendet.', 'Senden Sie weniger.'],
  media_type_not_supported: ['Dieser Inhaltstyp wird nicht unterstützt'],
  internal_error: [
    'Interner Fehler',
    'Der Fehler liegt bei uns. Es wurde nichts geändert, was hier nicht steht.',
    'Versuchen Sie es noch einmal. Nennen Sie dem Support sonst die Nummer der Anfrage.',
  ],
};
