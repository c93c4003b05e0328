# bash completion for jobpipe-slurm

_jobpipe_slurm() {
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
	--shared)
		compopt -o default
		return
		;;
	--address)
		mapfile -t COMPREPLY < <(compgen -A hostname -- "$current")
		compopt -o nospace
		return
		;;
	-n | --workers | --sbatch)
		return
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W '-- -n --workers --sbatch --address --shared
		--version -h --help' -- "$current")
}

complete -F _jobpipe_slurm jobpipe-slurm
