# bash completion for jobpipe-worker

_jobpipe_worker() {
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
	--key-file)
		compopt -o default
		return
		;;
	-c | --connect)
		mapfile -t COMPREPLY < <(compgen -W 'unix:' -A hostname -- "$current")
		compopt -o nospace
		return
		;;
	--compress)
		mapfile -t COMPREPLY < <(compgen -W 'auto none s2 zstd' -- "$current")
		return
		;;
	-j | --jobs | --name | --wait | --max-result | --kill-after | --load | --memfree | --nice)
		return
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W '-- -c --connect -j --jobs --lines --name --wait --stay
		--max-result --kill-after --load --memfree --nice --key-file --insecure --compress
		-q --quiet -v --verbose
		--version -h --help' -- "$current")
}

complete -F _jobpipe_worker jobpipe-worker
