# bash completion for jobpipe

_jobpipe() {
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} i
	COMPREPLY=()

	# After -- comes the command, then its arguments.
	for ((i = 1; i < COMP_CWORD; i++)); do
		if [[ ${COMP_WORDS[i]} == -- ]]; then
			if ((i == COMP_CWORD - 1)); then
				mapfile -t COMPREPLY < <(compgen -c -- "$current")
			else
				compopt -o default
			fi
			return
		fi
	done

	# --flag=value comes in three words.
	if [[ $current == = ]]; then
		current=
	elif [[ $previous == = ]]; then
		previous=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	case $previous in
	--listen-file | --failed | --joblog | --journal | -o | --output | --key-file | --trace)
		compopt -o default
		return
		;;
	-l | --listen)
		mapfile -t COMPREPLY < <(compgen -W 'unix:' -- "$current")
		compopt -o nospace
		return
		;;
	--compress)
		mapfile -t COMPREPLY < <(compgen -W 'auto none s2 zstd' -- "$current")
		return
		;;
	--format)
		mapfile -t COMPREPLY < <(compgen -W 'text jsonl' -- "$current")
		return
		;;
	--progress)
		mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$current")
		return
		;;
	--halt)
		mapfile -t COMPREPLY < <(compgen -W 'never soon,fail=1 now,fail=1 soon,success=1 now,success=1' -- "$current")
		return
		;;
	--http)
		mapfile -t COMPREPLY < <(compgen -W ':8080' -- "$current")
		return
		;;
	-j | --jobs | --retries | --max-lost | --timeout | --buffer | --max-job | --dead-after | --grace | --rate)
		return
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W '-- -l --listen --listen-file -j --jobs -k --keep-order
		-0 --null --lines --retries --max-lost --speculate --timeout --halt --rate --failed --joblog --journal
		--retry-failed --format --tag -o --output --buffer --max-job --key-file --new-key --insecure --compress
		--dead-after --grace --progress --http --trace -q --quiet -v --verbose
		--version -h --help' -- "$current")
}

complete -F _jobpipe jobpipe
