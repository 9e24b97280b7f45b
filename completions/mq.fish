# SPDX-License-Identifier: Apache-2.0
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
