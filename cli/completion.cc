// SPDX-License-Identifier: Apache-2.0
// The scripts that make a shell ask `mq __complete`. The files in completions/ are what this prints.
#include "cli/frame/command.h"

namespace mq::cli {

namespace {

constexpr std::string_view bash_script = R"(# SPDX-License-Identifier: Apache-2.0
# bash completion for mq: mq itself knows what a word may become.
_mq() {
  local line="${COMP_LINE:0:COMP_POINT}" candidate kept=""
  local -a words
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  local current="${words[-1]}"
  # Readline breaks words at ':' and '=' and wants only what follows the last of them.
  [[ $current == *[:=]* ]] && kept="${current%"${current##*[:=]}"}"
  COMPREPLY=()
  while IFS=$'\t' read -r candidate _; do
    case $candidate in
      :files) mapfile -t COMPREPLY < <(compgen -f -- "${current#"$kept"}") ;;
      :directories) mapfile -t COMPREPLY < <(compgen -d -- "${current#"$kept"}") ;;
      *) COMPREPLY+=("${candidate#"$kept"}") ;;
    esac
  done < <("${words[0]}" __complete "${words[@]}" 2>/dev/null)
  [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=@] ]] && compopt -o nospace 2>/dev/null
  return 0
}
complete -F _mq mq
)";

constexpr std::string_view zsh_script = R"(#compdef mq
# SPDX-License-Identifier: Apache-2.0
# zsh completion for mq: mq itself knows what a word may become.
_mq() {
  local line name
  local -a candidates open
  while IFS= read -r line; do
    name="${line%%$'\t'*}"
    case $name in
      :files) _files; return ;;
      :directories) _files -/; return ;;
      *[=@]) open+=("${name//:/\\:}:${line#*$'\t'}") ;;
      *) candidates+=("${name//:/\\:}:${${line#$name}#$'\t'}") ;;
    esac
  done < <("${words[1]}" __complete "${(@Q)words[1,CURRENT]}" 2>/dev/null)
  (( $#open )) && _describe -t values value open -S ''
  (( $#candidates )) && _describe -t words word candidates
}
if [[ "${funcstack[1]}" == _mq ]]; then
  _mq "$@"
else
  compdef _mq mq
fi
)";

constexpr std::string_view fish_script = R"(# SPDX-License-Identifier: Apache-2.0
# fish completion for mq: mq itself knows what a word may become.
function __mq_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in (mq __complete $words 2>/dev/null)
        switch $line
            case ':files'
                __fish_complete_path (commandline -ct)
            case ':directories'
                __fish_complete_directories (commandline -ct)
            case '*'
                echo $line
        end
    end
end
complete -c mq -f -a '(__mq_complete)'
)";

Exit run_completion(Context& context, const Arguments& arguments) {
  const std::string& shell = arguments.positional().front();
  if (shell == "bash") {
    context.write(bash_script);
  } else if (shell == "zsh") {
    context.write(zsh_script);
  } else if (shell == "fish") {
    context.write(fish_script);
  } else {
    throw UsageError("no completion for " + in_quotes(shell), "there is one for bash, zsh and fish");
  }
  return Exit::ok;
}

}  // namespace

extern const Command completion{
    .name = "completion",
    .summary = "Print the script that completes mq's commands in a shell.",
    .arguments = {{"bash|zsh|fish", Kind::choice, 1, 1, "bash|zsh|fish"}},
    .examples = {{"source <(mq completion bash)", "in ~/.bashrc"},
                 {"mq completion zsh > ~/.zfunc/_mq", "with ~/.zfunc in $fpath"},
                 {"mq completion fish > ~/.config/fish/completions/mq.fish", "for fish"}},
    .more =
        "Topics are asked of the broker (-b, MQ_BROKERS), for a quarter of a second at most "
        "(MQ_COMPLETION_TIMEOUT), and\n"
        "remembered for 30 seconds in $XDG_CACHE_HOME/mq. Packages install these scripts by themselves.",
    .see = "man mq-completion",
    .run = run_completion};

}  // namespace mq::cli
