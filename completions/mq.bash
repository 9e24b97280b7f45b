# SPDX-License-Identifier: Apache-2.0
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
