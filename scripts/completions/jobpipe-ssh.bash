# bash completion for jobpipe-ssh

_jobpipe_ssh() {
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
	--sshloginfile)
		compopt -o default
		return
		;;
	-S | --sshlogin | --direct)
		mapfile -t COMPREPLY < <(compgen -A hostname -- "$current")
		compopt -o nospace
		return
		;;
	--ssh)
		mapfile -t COMPREPLY < <(compgen -c -- "$current")
		return
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W '-- -S --sshlogin --sshloginfile --ssh --direct
		--version -h --help' -- "$current")
}

complete -F _jobpipe_ssh jobpipe-ssh
