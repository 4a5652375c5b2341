#!/usr/bin/env bash
# Turns the action's inputs (INPUT_*) into one call of `leaksieve ci`, which knows what the job is run for.
set -euo pipefail

program=$PROGRAM/bin/leaksieve
[ -x "$program" ] || program=$PROGRAM/Scripts/leaksieve

words=(ci --provider github)
if [ "$INPUT_WHOLE" = true ]; then words=(ci --whole); fi
if [ "$INPUT_FETCH" = true ]; then words+=(--fetch); fi
if [ "$INPUT_INLINE_ALLOW" = true ]; then words+=(--inline-allow); fi
if [ "$INPUT_TRUST_PULL_REQUEST" = true ]; then words+=(--trust-repo-config); fi
if [ "$INPUT_EXIT_ZERO" = true ]; then words+=(--exit-zero); fi
if [ -n "$INPUT_CONFIG" ]; then words+=("--config=$INPUT_CONFIG"); fi
if [ -n "$INPUT_FAIL_ON" ]; then words+=("--fail-on=$INPUT_FAIL_ON"); fi
while IFS= read -r line; do
    if [ -n "$line" ]; then words+=("--baseline=$line"); fi
done <<<"$INPUT_BASELINE"
format=text
if [ "$INPUT_ANNOTATIONS" = true ]; then format=github; fi
words+=(-f "$format" -o -)
if [ "$INPUT_SUMMARY" = true ]; then words+=(-f markdown -o "$GITHUB_STEP_SUMMARY"); fi
if [ -n "$INPUT_SARIF_FILE" ]; then
    rm -f -- "$INPUT_SARIF_FILE" # one that the checkout brought along must not be uploaded
    words+=(-f sarif "--output=$INPUT_SARIF_FILE")
fi

code=0
"$program" "${words[@]}" -- "$INPUT_PATH" || code=$?
echo "exit-code=$code" >>"$GITHUB_OUTPUT"
if [ -n "$INPUT_SARIF_FILE" ] && [ -f "$INPUT_SARIF_FILE" ]; then
    echo "sarif-file=$INPUT_SARIF_FILE" >>"$GITHUB_OUTPUT"
fi
exit "$code"
